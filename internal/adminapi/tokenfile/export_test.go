package tokenfile

// CheckOwner tells one user's file from another's, for a test that may not be able to make one.
var CheckOwner = checkOwner
