package simulate

import (
	"strings"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// stores are the types whose loss loses what users have stored, or the keys to it, by what people call them.
var stores = map[string]string{
	"aws:backup/vault:Vault":                            "backup vault",
	"aws:dynamodb/table:Table":                          "DynamoDB table",
	"aws:elasticache/replicationGroup:ReplicationGroup": "ElastiCache replication group",
	"aws:kms/key:Key":                                   "KMS key",
	"aws:kms/replicaKey:ReplicaKey":                     "KMS key",
	"aws:rds/cluster:Cluster":                           "RDS cluster",
	"aws:rds/instance:Instance":                         "RDS instance",
	"aws:s3/bucket:Bucket":                              "S3 bucket",
	"aws:s3/bucketV2:BucketV2":                          "S3 bucket",
	"aws:secretsmanager/secret:Secret":                  "secret",
	"azure-native:cache:Database":                       "Redis database",
	"azure-native:cache:Redis":                          "Redis cache",
	"azure-native:cache:RedisEnterprise":                "Redis cluster",
	"azure-native:dataprotection:BackupVault":           "backup vault",
	"azure-native:dbforpostgresql:Database":             "PostgreSQL database",
	"azure-native:dbforpostgresql:Server":               "PostgreSQL flexible server",
	"azure-native:keyvault:Key":                         "key",
	"azure-native:keyvault:Secret":                      "secret",
	"azure-native:keyvault:Vault":                       "key vault",
	"azure-native:recoveryservices:Vault":               "recovery services vault",
	"azure-native:storage:BlobContainer":                "blob container",
	"azure-native:storage:StorageAccount":               "storage account",
	"docker:index/volume:Volume":                        "Docker volume",
	"gcp:kms/cryptoKey:CryptoKey":                       "KMS key",
	"gcp:kms/keyRing:KeyRing":                           "KMS key ring",
	"gcp:redis/cluster:Cluster":                         "Memorystore cluster",
	"gcp:redis/instance:Instance":                       "Memorystore instance",
	"gcp:secretmanager/secret:Secret":                   "secret",
	"gcp:sql/database:Database":                         "Cloud SQL database",
	"gcp:sql/databaseInstance:DatabaseInstance":         "Cloud SQL instance",
	"gcp:storage/bucket:Bucket":                         "bucket",
}

// Store tells what a resource stores, in words, or nothing: replacing or deleting it may lose data.
func Store(token string, inputs map[string]any) string {
	if strings.HasPrefix(token, "azure-native:") { // the version of the API is in the token
		kind, _ := likely.AzureType(token)
		token = "azure-native:" + kind
	}
	if token == "docker:index/volume:Volume" && !holdsData(inputs) {
		return ""
	}
	return stores[token]
}

// holdsData tells a volume with data from those that carry files into a container. Slipway's own say so by a label; any other one is
// taken to hold data.
func holdsData(volume map[string]any) bool {
	labels, _ := volume["labels"].([]any)
	ours := false
	for _, l := range labels {
		row, _ := l.(map[string]any)
		name, _ := row["label"].(string)
		if name == "dev.slipway.data" {
			return true
		}
		ours = ours || strings.HasPrefix(name, "dev.slipway.")
	}
	return !ours
}
