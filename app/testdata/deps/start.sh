#!/bin/bash
# Starts both servers with TLS beside plain text; the certificate comes from the test in CERT and KEY.
set -eu
mkdir -p /tls
printf '%s' "$CERT" > /tls/cert.pem
printf '%s' "$KEY" > /tls/key.pem
chown -R postgres /tls
chmod 600 /tls/key.pem
for setting in "listen_addresses *" "ssl on" "ssl_cert_file /tls/cert.pem" "ssl_key_file /tls/key.pem" \
  "fsync off" "synchronous_commit off" "full_page_writes off" "max_connections 300"; do
  pg_conftool 17 main set ${setting%% *} "${setting#* }"
done
echo "host all all all scram-sha-256" >> /etc/postgresql/17/main/pg_hba.conf
pg_ctlcluster 17 main start
su postgres -c "psql -qc \"CREATE ROLE app LOGIN CREATEDB PASSWORD 'pw'\""
chmod 644 /tls/key.pem
exec valkey-server --bind 0.0.0.0 --requirepass pw --save "" --databases 500 --port 6379 --tls-port 6380 \
  --tls-cert-file /tls/cert.pem --tls-key-file /tls/key.pem --tls-auth-clients no
