package dev.mailbell.api.http;

import dev.mailbell.client.KnownKey;
import dev.mailbell.client.Scope;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The authenticated sender of a request.
 *
 * @param clientId the client whose resources the request sees
 * @param clientNamed whether the header {@code Mailbell-Client} names the client
 * @param keyId the id of the API key; {@code operator} for the operator's
 * @param keyName the name of the API key
 * @param scopes what the key may do
 * @param clientRequestsPerSecond the limit of the client; null for the configured one
 */
public record Principal(
        UUID clientId,
        boolean clientNamed,
        String keyId,
        String keyName,
        Set<Scope> scopes,
        @Nullable Integer clientRequestsPerSecond) {
    private static final String OPERATOR = "operator";

    public Principal {
        scopes = Set.copyOf(scopes);
    }

    static Principal operator(UUID actsAs, boolean named) {
        return new Principal(actsAs, named, OPERATOR, OPERATOR, EnumSet.allOf(Scope.class), null);
    }

    /** The sender with a key of a client, or with what is as good as one. */
    public static Principal of(KnownKey key) {
        return new Principal(
                key.clientId(),
                true,
                key.id().toString(),
                key.name(),
                key.scopes(),
                key.clientRequestsPerSecond());
    }

    public boolean may(Scope scope) {
        return scopes.contains(scope);
    }

    /** Whether this is the same key, and it may do the same for the same client. */
    public boolean hasRightsOf(Principal other) {
        return keyId.equals(other.keyId)
                && clientId.equals(other.clientId)
                && scopes.equals(other.scopes);
    }

    /** The same sender, for another client. */
    Principal actingFor(UUID client) {
        return new Principal(client, true, keyId, keyName, scopes, clientRequestsPerSecond);
    }

    public boolean isOperator() {
        return may(Scope.ADMIN);
    }
}
