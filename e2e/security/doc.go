// Package security owns the tests of the security suite that look at many packages at once: that no store mixes tenants,
// and that no statement is put together out of values.
package security
