package dev.mailbell.api;

import java.util.UUID;

/**
 * Who sent a request.
 *
 * @param clientId whose resources it may see
 * @param keyId which key it showed; requests are counted by it
 * @param operator whether it may do everything
 */
record Caller(UUID clientId, String keyId, boolean operator) {}
