package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// agentLogging is the service that tells its agent itself.
const agentLogging = "logging"

// agents are the services that encrypt with the stack's key, in the order in which they are given it.
var agents = []string{"artifactregistry", "sqladmin", "redis", "secretmanager", agentLogging}

// key is the stack's own encryption key. Without gcp.cmek there is none, and Google's own keys encrypt everything.
type key struct {
	made bool
	// id is the key's full name. Before use it is known when every service may use it, and that has had the time to become true everywhere.
	id pulumi.StringOutput
	// given are the rights of the services that use it.
	given []pulumi.Resource
}

// name is what a service encrypts with, nil for Google's own key.
func (k key) name() pulumi.StringPtrInput {
	if !k.made {
		return nil
	}
	return k.id.ToStringPtrOutput()
}

// makeKey makes the key, renewed every 90 days, and lets the agents of those services use it, which encrypt what the stack keeps. A right
// takes up to some minutes to be true everywhere, so the connection with Google's services, which takes two or three, is made after the
// rights, and what uses the key after that (see peer). A key ring can never be deleted, so its name is Pulumi's. A key that is destroyed
// takes 30 days to be gone; in prod it outlives the stack, as backups can't be read without it.
//   - https://cloud.google.com/kms/docs/cmek
//   - https://cloud.google.com/kms/docs/key-rotation
//   - https://cloud.google.com/kms/docs/destroy-restore
//   - https://cloud.google.com/iam/docs/access-change-propagation
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
	p.key = key{made: true}
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
		p.key.given = append(p.key.given, given)
	}
	p.key.id = made.ID().ToStringOutput()
	return nil
}

// agent is the account by which a service of Google acts in the project. It is made here, as it is not there before the service was
// first used; logging tells its own.
//   - https://cloud.google.com/iam/docs/service-agents
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/projects/serviceidentity/
//   - https://cloud.google.com/logging/docs/routing/managed-encryption-storage
func (p *Platform) agent(ctx *pulumi.Context, service string) (pulumi.StringOutput, error) {
	if service == agentLogging {
		settings := logging.GetProjectSettingsOutput(ctx, logging.GetProjectSettingsOutputArgs{Project: p.onceOn(p.account)}, pulumi.Parent(p), pulumi.Provider(p.cloud))
		return pulumi.Sprintf("serviceAccount:%s", settings.KmsServiceAccountId()), nil
	}
	made, err := projects.NewServiceIdentity(ctx, service, &projects.ServiceIdentityArgs{
		Project: pulumi.String(p.account), Service: pulumi.String(service + ".googleapis.com"),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the agent of %s: %w", service, err)
	}
	return pulumi.Sprintf("serviceAccount:%s", made.Email), nil
}
