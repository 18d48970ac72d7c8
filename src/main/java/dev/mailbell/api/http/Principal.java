package dev.mailbell.api.http;

import java.util.UUID;

/**
 * Who sent a request.
 *
 * @param clientId whose resources it may see
 * @param keyId which key it showed; requests are counted by it
 * @param operator whether it may do everything
 */
public record Principal(UUID clientId, String keyId, boolean operator) {}
