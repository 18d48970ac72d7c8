package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.KeyText;
import dev.mailbell.client.KeyUses;
import dev.mailbell.client.KnownKey;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Finds the sender of a request by its API key. */
public final class Authenticator {
    private static final String SCHEME = "bearer ";
    private static final String CLIENT_HEADER = "Mailbell-Client";

    /** One text for all, so that an answer does not say which keys there are or were. */
    private static final String REFUSED = "the key is not known, has expired or was revoked";

    private final byte[] operatorKey;
    private final ClientStore clients;
    private final KnownKeys keys;
    private final KeyUses uses;
    private final InstantSource clock;

    public Authenticator(
            String operatorKey,
            ClientStore clients,
            KnownKeys keys,
            KeyUses uses,
            InstantSource clock) {
        if (operatorKey.isBlank()) {
            throw new IllegalArgumentException("the operator's key is empty");
        }
        this.operatorKey = KeyText.sha256(operatorKey);
        this.clients = clients;
        this.keys = keys;
        this.uses = uses;
        this.clock = clock;
    }

    /**
     * @param beforeUnknown runs before the database is asked for a key that was not known lately
     * @throws ProblemException 401 without a valid key; 400, 403 or 404 when the request may not
     *     act as the client that {@code Mailbell-Client} names
     */
    Principal authenticate(Context context, Runnable beforeUnknown) {
        String header = context.header("Authorization");
        if (header == null) {
            throw unauthorized("send the header Authorization: Bearer <key>");
        }
        if (!header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            throw unauthorized("the scheme of the Authorization header must be Bearer");
        }
        String given = header.substring(SCHEME.length()).strip();
        String client = context.header(CLIENT_HEADER);
        // Digests have one length, so the comparison's duration reveals nothing about the key.
        if (MessageDigest.isEqual(KeyText.sha256(given), operatorKey)) {
            return Principal.operator(client(client), client != null);
        }
        KeyText text = KeyText.parse(given).orElseThrow(() -> unauthorized(REFUSED));
        Instant now = clock.instant();
        KnownKey key =
                keys.find(text.hash(), beforeUnknown)
                        .filter(it -> it.isValid(now))
                        .orElseThrow(() -> unauthorized(REFUSED));
        uses.used(key.id(), now);
        if (client != null && !clientId(client).equals(key.clientId())) {
            // The same answer whether there is such a client or not.
            throw new ProblemException(Problem.missingScope(Scope.ADMIN.wireName()));
        }
        return Principal.of(key);
    }

    /**
     * The sender with a key whose text a person has typed.
     *
     * @param beforeUnknown as above
     * @throws ProblemException 401 when it is not valid
     */
    Principal authenticate(String given, Runnable beforeUnknown) {
        if (MessageDigest.isEqual(KeyText.sha256(given), operatorKey)) {
            return Principal.operator(ClientStore.DEFAULT, false);
        }
        KeyText text = KeyText.parse(given).orElseThrow(() -> unauthorized(REFUSED));
        return authenticate(text.hash(), beforeUnknown).orElseThrow(() -> unauthorized(REFUSED));
    }

    /** The sender with the key of a hash; empty when the key is not valid any more. */
    Optional<Principal> authenticate(byte[] hash, Runnable beforeUnknown) {
        if (MessageDigest.isEqual(hash, operatorKey)) {
            return Optional.of(Principal.operator(ClientStore.DEFAULT, false));
        }
        Instant now = clock.instant();
        return keys.find(hash, beforeUnknown)
                .filter(key -> key.isValid(now))
                .map(key -> {
                    uses.used(key.id(), now);
                    return Principal.of(key);
                });
    }

    private UUID client(@Nullable String header) {
        if (header == null) {
            return ClientStore.DEFAULT;
        }
        UUID id = clientId(header);
        if (!clients.exists(id)) {
            throw new ProblemException(
                    Problem.notFound("the header " + CLIENT_HEADER + " names no client"));
        }
        return id;
    }

    private static UUID clientId(String header) {
        return Uuids.parse(header.strip())
                .orElseThrow(() ->
                        new ProblemException(
                                Problem.invalid(CLIENT_HEADER, "must be a client's id, a UUID")));
    }

    private static ProblemException unauthorized(String detail) {
        return new ProblemException(Problem.unauthorized(detail));
    }
}
