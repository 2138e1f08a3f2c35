package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The services that encrypt with the stack's key.
const (
	agentRegistry = "artifactregistry"
	agentSQL      = "sqladmin"
	agentRedis    = "redis"
	agentSecrets  = "secretmanager"
	agentLogging  = "logging"
)

// agents are in the order in which they are given the key.
var agents = []string{agentRegistry, agentSQL, agentRedis, agentSecrets, agentLogging}

// key is the stack's own encryption key. Without gcp.cmek there is none, and Google's own keys encrypt everything.
type key struct {
	made bool
	// names are those of the key, by the service that uses it: known when the service may.
	names map[string]pulumi.StringOutput
}

// name is what a service encrypts with, nil for Google's own key.
func (k key) name(agent string) pulumi.StringPtrInput {
	if !k.made {
		return nil
	}
	return k.names[agent].ToStringPtrOutput()
}

// makeKey makes the key, renewed every 90 days, and lets the agents of those services use it, which encrypt what the stack keeps. A key
// ring can never be deleted, so its name is Pulumi's. A key that is destroyed takes 30 days to be gone; in prod it outlives the stack,
// as backups can't be read without it.
//   - https://cloud.google.com/kms/docs/cmek
//   - https://cloud.google.com/kms/docs/key-rotation
//   - https://cloud.google.com/kms/docs/destroy-restore
func (p *Platform) makeKey(ctx *pulumi.Context) error {
	if !p.settings.CMEK {
		return nil
	}
	ring, err := kms.NewKeyRing(ctx, p.name("", longest), &kms.KeyRingArgs{
		Location: pulumi.String(p.settings.Region), Project: pulumi.String(p.account),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return fmt.Errorf("creating key ring: %w", err)
	}
	made, err := kms.NewCryptoKey(ctx, p.name("data", longest), &kms.CryptoKeyArgs{
		KeyRing: ring.ID(), Purpose: pulumi.String("ENCRYPT_DECRYPT"), RotationPeriod: pulumi.String("7776000s"),
		DestroyScheduledDuration: pulumi.String("2592000s"),
	}, p.cloudOpts(p.own(), pulumi.RetainOnDelete(p.settings.Protect))...)
	if err != nil {
		return fmt.Errorf("creating encryption key: %w", err)
	}
	p.key = key{made: true, names: map[string]pulumi.StringOutput{}}
	for _, agent := range agents {
		member, err := p.agent(ctx, agent)
		if err != nil {
			return err
		}
		given, err := kms.NewCryptoKeyIAMMember(ctx, "key-"+agent, &kms.CryptoKeyIAMMemberArgs{
			CryptoKeyId: made.ID(), Role: pulumi.String("roles/cloudkms.cryptoKeyEncrypterDecrypter"), Member: member,
		}, p.cloudOpts(p.own())...)
		if err != nil {
			return fmt.Errorf("giving the encryption key to %s: %w", agent, err)
		}
		p.key.names[agent] = after(ctx, made.ID().ToStringOutput(), given)
	}
	return nil
}

// agent is the account by which a service of Google acts in the project. It is made here, as it is not there before the service was
// first used; logging tells its own.
//   - https://cloud.google.com/iam/docs/service-agents
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/projects/serviceidentity/
//   - https://cloud.google.com/logging/docs/routing/managed-encryption-storage
func (p *Platform) agent(ctx *pulumi.Context, service string) (pulumi.StringOutput, error) {
	if service == agentLogging {
		settings, err := logging.GetProjectCmekSettings(ctx, &logging.GetProjectCmekSettingsArgs{Project: p.account}, pulumi.Parent(p), pulumi.Provider(p.cloud))
		if err != nil {
			return pulumi.StringOutput{}, fmt.Errorf("asking for the agent of logging: %w", err)
		}
		return pulumi.Sprintf("serviceAccount:%s", settings.ServiceAccountId), nil
	}
	made, err := projects.NewServiceIdentity(ctx, service, &projects.ServiceIdentityArgs{
		Project: pulumi.String(p.account), Service: pulumi.String(service + ".googleapis.com"),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the agent of %s: %w", service, err)
	}
	return pulumi.Sprintf("serviceAccount:%s", made.Email), nil
}
