package dev.mailbell.api.client;

import dev.mailbell.client.AuditEntry;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An entry of the audit log as programs see it. */
record AuditView(
        UUID id,
        Instant at,
        @Nullable UUID clientId,
        String keyId,
        String keyName,
        String action,
        String resource,
        String remoteAddress,
        int status) {
    static AuditView of(AuditEntry entry) {
        return new AuditView(
                entry.id(),
                entry.at(),
                entry.clientId(),
                entry.keyId(),
                entry.keyName(),
                entry.action(),
                entry.resource(),
                entry.remoteAddress(),
                entry.status());
    }
}
