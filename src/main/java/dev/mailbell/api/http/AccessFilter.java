package dev.mailbell.api.http;

import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;

/**
 * Authenticates every request under {@code /v1} and applies the rate limit of its key. Requests
 * without a valid key are limited by their remote address.
 */
public final class AccessFilter {
    private static final String PRINCIPAL = "mailbell.principal";

    private final Authenticator authenticator;
    private final RateLimit limit;

    public AccessFilter(Authenticator authenticator, RateLimit limit) {
        this.authenticator = authenticator;
        this.limit = limit;
    }

    public void addTo(Routes routes) {
        routes.before(Routes.KEYED + "*", this::admit);
    }

    private void admit(Context context) {
        Principal principal;
        try {
            principal = authenticator.authenticate(context);
        } catch (ProblemException e) {
            takeToken("from " + context.req().getRemoteAddr());
            throw e;
        }
        takeToken("key " + principal.keyId());
        context.attribute(PRINCIPAL, principal);
        ApiServer.authenticated(context);
    }

    private void takeToken(String key) {
        Optional<Duration> wait = limit.take(key);
        if (wait.isPresent()) {
            throw new ProblemException(Problem.tooManyRequests(wait.get()));
        }
    }

    /**
     * @throws ProblemException 403 when the key of the request lacks the scope
     */
    public static void require(Context context, Scope scope) {
        if (!principal(context).may(scope)) {
            throw new ProblemException(Problem.missingScope(scope.wireName()));
        }
    }

    /** Whether the request carries a valid key. */
    static boolean isAuthenticated(Context context) {
        return context.attribute(PRINCIPAL) != null;
    }

    /** The sender of a request under {@code /v1}. */
    public static Principal principal(Context context) {
        Principal principal = context.attribute(PRINCIPAL);
        if (principal == null) {
            throw new IllegalStateException("this route is not under /v1: it has no principal");
        }
        return principal;
    }
}
