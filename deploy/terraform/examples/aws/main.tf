locals {
  sizes = {
    small = {
      nat_per_zone = false, instances = ["m7i.large"], nodes = { min = 1, max = 3 }
      database     = "db.m7g.large", storage = 100, cache = "cache.m7g.large", cache_nodes = 2
    }
    large = {
      nat_per_zone = true, instances = ["m7i.2xlarge"], nodes = { min = 2, max = 6 }
      database     = "db.r7g.2xlarge", storage = 500, cache = "cache.r7g.large", cache_nodes = 3
    }
  }
  size               = local.sizes[var.size]
  log_retention_days = 90
  service_cidr       = "172.20.0.0/16"
}

module "network" {
  source               = "../../modules/network"
  name                 = var.name
  cidr                 = "10.20.0.0/16"
  zones                = var.zones
  nat_gateway_per_zone = local.size.nat_per_zone
  logs_kms_key_arn     = module.secrets.key_arns["logs"]
  log_retention_days   = local.log_retention_days
}

module "secrets" {
  source              = "../../modules/secrets"
  name                = var.name
  account_id          = var.account_id
  region              = var.region
  oidc_provider_arn   = module.cluster.oidc_provider_arn
  oidc_issuer         = module.cluster.oidc_issuer
  database_secret_arn = module.database.master_secret_arn
}

module "cluster" {
  source              = "../../modules/cluster"
  name                = var.name
  account_id          = var.account_id
  region              = var.region
  kubernetes_version  = "1.34"
  subnet_ids          = module.network.private_subnet_ids
  public_access_cidrs = var.public_access_cidrs
  service_cidr        = local.service_cidr
  admin_role_arns     = var.admin_role_arns
  kms_key_arn         = module.secrets.key_arns["cluster"]
  logs_kms_key_arn    = module.secrets.key_arns["logs"]
  log_retention_days  = local.log_retention_days
  instance_types      = local.size.instances
  nodes_per_zone      = local.size.nodes
}

module "database" {
  source                   = "../../modules/database"
  name                     = var.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  kms_key_arn              = module.secrets.key_arns["database"]
  secrets_kms_key_arn      = module.secrets.key_arns["secrets"]
  instance_class           = local.size.database
  storage_gib              = local.size.storage
}

module "cache" {
  source                   = "../../modules/cache"
  name                     = var.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  kms_key_arn              = module.secrets.key_arns["cache"]
  logs_kms_key_arn         = module.secrets.key_arns["logs"]
  log_retention_days       = local.log_retention_days
  node_type                = local.size.cache
  nodes                    = local.size.cache_nodes
}

module "platform" {
  source       = "../../modules/platform"
  cluster_name = module.cluster.name
  region       = var.region
  roles        = { external_secrets = module.secrets.reader_role_arn, cluster_autoscaler = module.cluster.autoscaler_role_arn }
  database     = { host = module.database.host, port = module.database.port, master_secret_arn = module.database.master_secret_arn }
  redis        = { address = module.cache.address, port = module.cache.port }
  secret_names = module.secrets.secret_names
  networks     = { private = module.network.private_cidrs, data = module.network.data_cidrs, services = local.service_cidr }
  host         = var.host
  acme         = { email = var.acme_email }
  model        = var.model
  chart        = { location = "${path.module}/../../../../charts/ai-agents" }
}
