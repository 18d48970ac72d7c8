package dev.mailbell.api.http;

import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Finds the sender of a request by its API key. */
public final class Authenticator {
    private static final String SCHEME = "bearer ";
    private static final String CLIENT_HEADER = "Mailbell-Client";

    private final byte[] operatorKey;
    private final ClientStore clients;

    public Authenticator(String operatorKey, ClientStore clients) {
        if (operatorKey.isBlank()) {
            throw new IllegalArgumentException("the operator's key is empty");
        }
        this.operatorKey = sha256(operatorKey);
        this.clients = clients;
    }

    /**
     * @throws ProblemException 401 without a valid key; 400 or 404 when {@code Mailbell-Client}
     *     names no client
     */
    Principal authenticate(Context context) {
        String header = context.header("Authorization");
        if (header == null) {
            throw unauthorized("send the header Authorization: Bearer <key>");
        }
        if (!header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            throw unauthorized("the scheme of the Authorization header must be Bearer");
        }
        // Digests have one length, so the comparison's duration reveals nothing about the key.
        byte[] given = sha256(header.substring(SCHEME.length()).strip());
        if (!MessageDigest.isEqual(given, operatorKey)) {
            throw unauthorized("the key is not known");
        }
        return new Principal(
                client(context.header(CLIENT_HEADER)), "operator", EnumSet.allOf(Scope.class));
    }

    private UUID client(@Nullable String header) {
        if (header == null) {
            return ClientStore.DEFAULT;
        }
        UUID id =
                Uuids.parse(header.strip())
                        .orElseThrow(() ->
                                new ProblemException(
                                        Problem.invalid(
                                                CLIENT_HEADER, "must be a client's id, a UUID")));
        if (!clients.exists(id)) {
            throw new ProblemException(
                    Problem.notFound("the header " + CLIENT_HEADER + " names no client"));
        }
        return id;
    }

    private static ProblemException unauthorized(String detail) {
        return new ProblemException(Problem.unauthorized(detail));
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
