package dev.mailbell;

import dev.mailbell.secret.EncryptedColumn;
import java.util.List;

/** Every column of encrypted values: a new one is added here, so that rotations reach it. */
public final class EncryptedColumns {
    public static final List<EncryptedColumn> ALL =
            List.of(
                    new EncryptedColumn("account", "credential", "account/{id}/credential"),
                    new EncryptedColumn("oauth_app", "secret", "oauth-app/{id}/secret"),
                    new EncryptedColumn("webhook", "secret", "webhook/{id}/secret"),
                    new EncryptedColumn("webhook", "previous_secret", "webhook/{id}/secret"),
                    new EncryptedColumn("webhook", "headers", "webhook/{id}/headers"),
                    new EncryptedColumn(
                            "idempotency", "request_hash", "idempotency/{client_id}/{key}"),
                    new EncryptedColumn("idempotency", "answer", "idempotency/{client_id}/{key}"));

    private EncryptedColumns() {}
}
