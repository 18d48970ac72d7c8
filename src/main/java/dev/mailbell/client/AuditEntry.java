package dev.mailbell.client;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a key did. It has no body and no secret.
 *
 * @param id its time and order
 * @param clientId the client whose resource it is; null for one of the daemon
 * @param keyId {@code operator} for the operator's key
 * @param action the method and the template of the path
 * @param resource the path
 * @param status of the answer
 */
public record AuditEntry(
        UUID id,
        Instant at,
        @Nullable UUID clientId,
        String keyId,
        String keyName,
        String action,
        String resource,
        String remoteAddress,
        int status) {}
