package dev.mailbell.api.http;

import java.util.UUID;

/**
 * The authenticated sender of a request.
 *
 * @param clientId the client whose resources the request sees
 * @param keyId the id of the API key; the rate limit counts by it
 * @param operator whether the key is the operator's
 */
public record Principal(UUID clientId, String keyId, boolean operator) {}
