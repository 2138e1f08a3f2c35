package azure

import (
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// databaseServer is a PostgreSQL Flexible Server.
// https://learn.microsoft.com/azure/templates/microsoft.dbforpostgresql/2024-08-01/flexibleservers
type databaseServer struct {
	pulumi.CustomResourceState

	FullyQualifiedDomainName pulumi.StringOutput `pulumi:"fullyQualifiedDomainName"`
	Name                     pulumi.StringOutput `pulumi:"name"`
}

type databaseServerArgs struct {
	AdministratorLogin         string
	AdministratorLoginPassword pulumi.StringInput
	AuthConfig                 databaseAuth
	AvailabilityZone           *string
	Backup                     databaseBackup
	HighAvailability           databaseAvailability
	Location                   pulumi.StringPtrInput
	MaintenanceWindow          databaseWindow
	Network                    pulumi.Map
	ResourceGroupName          pulumi.StringInput
	ServerName                 pulumi.StringPtrInput
	Sku                        databaseSKU
	Storage                    pulumi.Map
	Tags                       pulumi.StringMapInput
	Version                    string
}

type databaseServerInputs struct {
	AdministratorLogin         string               `pulumi:"administratorLogin"`
	AdministratorLoginPassword string               `pulumi:"administratorLoginPassword"`
	AuthConfig                 databaseAuth         `pulumi:"authConfig"`
	AvailabilityZone           *string              `pulumi:"availabilityZone"`
	Backup                     databaseBackup       `pulumi:"backup"`
	HighAvailability           databaseAvailability `pulumi:"highAvailability"`
	Location                   *string              `pulumi:"location"`
	MaintenanceWindow          databaseWindow       `pulumi:"maintenanceWindow"`
	Network                    map[string]any       `pulumi:"network"`
	ResourceGroupName          string               `pulumi:"resourceGroupName"`
	ServerName                 *string              `pulumi:"serverName"`
	Sku                        databaseSKU          `pulumi:"sku"`
	Storage                    map[string]any       `pulumi:"storage"`
	Tags                       map[string]string    `pulumi:"tags"`
	Version                    string               `pulumi:"version"`
}

// ElementType names the struct with the properties' names and resolved types.
func (databaseServerArgs) ElementType() reflect.Type { return reflect.TypeFor[databaseServerInputs]() }

// The parts of a server. Switches are "Enabled" or "Disabled".
type (
	databaseAuth struct {
		ActiveDirectoryAuth string  `pulumi:"activeDirectoryAuth"`
		PasswordAuth        string  `pulumi:"passwordAuth"`
		TenantID            *string `pulumi:"tenantId"` // with activeDirectoryAuth only
	}
	databaseBackup struct {
		BackupRetentionDays int    `pulumi:"backupRetentionDays"`
		GeoRedundantBackup  string `pulumi:"geoRedundantBackup"`
	}
	databaseAvailability struct {
		Mode                    string  `pulumi:"mode"` // Disabled, SameZone or ZoneRedundant
		StandbyAvailabilityZone *string `pulumi:"standbyAvailabilityZone"`
	}
	databaseWindow struct {
		CustomWindow string `pulumi:"customWindow"`
		DayOfWeek    int    `pulumi:"dayOfWeek"` // 0 is Sunday
		StartHour    int    `pulumi:"startHour"` // UTC
		StartMinute  int    `pulumi:"startMinute"`
	}
	databaseSKU struct {
		Name string `pulumi:"name"`
		Tier string `pulumi:"tier"` // Burstable, GeneralPurpose or MemoryOptimized
	}
)

// databaseParameter is one of the server's parameters.
// https://learn.microsoft.com/azure/templates/microsoft.dbforpostgresql/2024-08-01/flexibleservers/configurations
type databaseParameter struct{ pulumi.CustomResourceState }

type databaseParameterArgs struct {
	ConfigurationName string
	ResourceGroupName pulumi.StringInput
	ServerName        pulumi.StringInput
	Source            string
	Value             string
}

type databaseParameterInputs struct {
	ConfigurationName string `pulumi:"configurationName"`
	ResourceGroupName string `pulumi:"resourceGroupName"`
	ServerName        string `pulumi:"serverName"`
	Source            string `pulumi:"source"`
	Value             string `pulumi:"value"`
}

// ElementType names the struct with the properties' names and resolved types.
func (databaseParameterArgs) ElementType() reflect.Type {
	return reflect.TypeFor[databaseParameterInputs]()
}

// databaseAdministrator is somebody in Entra ID who administers a server.
// https://learn.microsoft.com/azure/templates/microsoft.dbforpostgresql/2024-08-01/flexibleservers/administrators
type databaseAdministrator struct{ pulumi.CustomResourceState }

type databaseAdministratorArgs struct {
	ObjectID          string
	PrincipalName     string
	PrincipalType     string
	ResourceGroupName pulumi.StringInput
	ServerName        pulumi.StringInput
	TenantID          string
}

type databaseAdministratorInputs struct {
	ObjectID          string `pulumi:"objectId"`
	PrincipalName     string `pulumi:"principalName"`
	PrincipalType     string `pulumi:"principalType"`
	ResourceGroupName string `pulumi:"resourceGroupName"`
	ServerName        string `pulumi:"serverName"`
	TenantID          string `pulumi:"tenantId"`
}

// ElementType names the struct with the properties' names and resolved types.
func (databaseAdministratorArgs) ElementType() reflect.Type {
	return reflect.TypeFor[databaseAdministratorInputs]()
}
