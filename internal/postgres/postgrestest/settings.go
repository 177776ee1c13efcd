package postgrestest

import "strconv"

// arguments are the server's command line. Settings travel there and not in postgresql.conf, so that
// a data directory can be started again with others.
func arguments(data string, opts ClusterOptions) []string {
	settings := []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=", // TCP with a password is the only way in
		"port=" + strconv.Itoa(opts.Port),
		"max_connections=300",
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if !opts.Durable {
		settings = append(settings,
			"fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "checkpoint_timeout=1d",
			// Its workers would hold the template database while it is being cloned.
			"autovacuum=off",
			"shared_buffers=64MB",
		)
	}
	settings = append(settings, opts.Settings...)
	args := make([]string, 0, 2+2*len(settings))
	args = append(args, "-D", data)
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}
