package dev.mailbell.api.http;

import dev.mailbell.client.Scope;
import java.util.Set;
import java.util.UUID;

/**
 * The authenticated sender of a request.
 *
 * @param clientId the client whose resources the request sees
 * @param keyId the id of the API key; the rate limit counts by it
 * @param scopes what the key may do
 */
public record Principal(UUID clientId, String keyId, Set<Scope> scopes) {
    public Principal {
        scopes = Set.copyOf(scopes);
    }

    public boolean may(Scope scope) {
        return scopes.contains(scope);
    }
}
