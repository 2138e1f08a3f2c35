// Package e2e holds the end-to-end tests: the compiled launcher, driven as a user drives it, on the real Docker Engine. They run in
// a copy of the project, so that the state, the changes of source and the stack are the tests' own. Only -short leaves them out.
package e2e
