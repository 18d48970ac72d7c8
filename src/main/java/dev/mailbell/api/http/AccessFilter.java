package dev.mailbell.api.http;

import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;

/**
 * What every request under {@code /v1} passes first: who it is, and whether it may come so often.
 */
public final class AccessFilter {
    private static final String CALLER = "mailbell.caller";

    private final Authenticator authenticator;
    private final RateLimit limit;

    public AccessFilter(Authenticator authenticator, RateLimit limit) {
        this.authenticator = authenticator;
        this.limit = limit;
    }

    public void addTo(Routes routes) {
        routes.before("/v1/*", this::enter);
    }

    private void enter(Context context) {
        Principal caller;
        try {
            caller = authenticator.authenticate(context);
        } catch (ProblemException e) {
            // Guessing keys is counted by where it comes from.
            take("from " + context.req().getRemoteAddr());
            throw e;
        }
        take("key " + caller.keyId());
        context.attribute(CALLER, caller);
        ApiServer.authenticated(context);
    }

    private void take(String key) {
        Optional<Duration> wait = limit.take(key);
        if (wait.isPresent()) {
            throw new ProblemException(Problem.tooManyRequests(wait.get()));
        }
    }

    /** Whether the request came with a key that is known. */
    static boolean isKnown(Context context) {
        return context.attribute(CALLER) != null;
    }

    public static Principal caller(Context context) {
        Principal caller = context.attribute(CALLER);
        if (caller == null) {
            throw new IllegalStateException("a route outside of the gate asks who the caller is");
        }
        return caller;
    }
}
