package components

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DatabaseArgs describes a managed PostgreSQL.
type DatabaseArgs struct {
	// Name is the database: lower-case letters, digits and underscores, at most 59. The app's role is called after it. Required.
	Name string
	// Bootstrap is the dbinit image, which creates the app's role. Required.
	Bootstrap ImageRef
	// Version is PostgreSQL's major version. Required.
	Version string
	// Size is one of the sizes "small", "medium", "large" or a machine type in the cloud's own terms. Default "small".
	Size string
	// StorageGiB is the size of the disk at the start, in GiB. Default 20.
	StorageGiB int
	// HA keeps a standby in a second zone. Default false.
	HA bool
	// BackupDays is for how many days backups are kept. Default 0: none.
	BackupDays int
	// DeletionProtection refuses the deletion of the database and its data. Default false.
	DeletionProtection bool
}

// DatabaseState is what a driver made.
type DatabaseState struct {
	// Endpoint is host:port inside the private network.
	Endpoint pulumi.StringOutput
	// URL is a complete connection URL for the app's own role, with TLS verified.
	URL SecretRef
	// CA is the PEM root that signs the server's certificate, or empty where it is in every system's store.
	CA pulumi.StringOutput
	// Init makes the app's role; it must run before anything uses URL.
	Init InitStep
	// Scope is where the database's signals are read.
	Scope Scope
}

// DatabaseDriver runs a PostgreSQL that only the stack's own network can reach.
type DatabaseDriver interface {
	RunDatabase(ctx *pulumi.Context, name string, a DatabaseArgs, opts ...pulumi.ResourceOption) (DatabaseState, error)
}

// Database is a private PostgreSQL, encrypted at rest (on the clouds) and in transit, in which the app has a role of its own
// with least rights.
type Database struct {
	pulumi.ResourceState
	DatabaseState
}

var databaseName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,58}$`)

// NewDatabase runs a database. It fails on an invalid name, a missing version, or what the driver cannot do (ErrUnsupported).
func NewDatabase(ctx *pulumi.Context, d DatabaseDriver, name string, a DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	if a.Size == "" {
		a.Size = "small"
	}
	if a.StorageGiB == 0 {
		a.StorageGiB = 20
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	c := &Database{}
	if err := ctx.RegisterComponentResource("slipway:components:Database", name, c, opts...); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	s, err := d.RunDatabase(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	c.DatabaseState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"endpoint": s.Endpoint})
}

func (a DatabaseArgs) check() error {
	var errs []error
	if !databaseName.MatchString(a.Name) {
		errs = append(errs, fmt.Errorf("Name %q is no lower-case PostgreSQL identifier", a.Name))
	}
	if a.Bootstrap.StringOutput == (pulumi.StringOutput{}) {
		errs = append(errs, errors.New("Bootstrap is required"))
	}
	if a.Version == "" {
		errs = append(errs, errors.New("Version is required"))
	}
	if a.StorageGiB < 0 || a.BackupDays < 0 {
		errs = append(errs, errors.New("StorageGiB and BackupDays cannot be negative"))
	}
	return errors.Join(errs...)
}
