package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Authenticates every request under {@code /v1} and applies the limits of its key and client.
 * Requests without a valid key are limited by their remote address.
 */
public final class AccessFilter {
    private static final String PRINCIPAL = "mailbell.principal";
    private static final String STILL_ADMITTED = "mailbell.still-admitted";

    private final Authenticator authenticator;
    private final RequestLimits limits;

    public AccessFilter(Authenticator authenticator, RequestLimits limits) {
        this.authenticator = authenticator;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.before(Routes.KEYED + "*", this::admit);
        // The pages of consents need no key; bad keys from their address do not count against them.
        routes.before("/oauth/*", context -> count("consents of " + context.req().getRemoteAddr()));
    }

    private void admit(Context context) {
        Principal principal = authenticate(context);
        admit(context, principal, () -> isStillValid(context, principal));
    }

    /**
     * Makes this the sender of the request, which counts against the sender's limits.
     *
     * @param stillValid whether the sender may still do the same
     */
    void admit(Context context, Principal principal, BooleanSupplier stillValid) {
        limits.request(context, principal);
        context.attribute(PRINCIPAL, principal);
        context.attribute(STILL_ADMITTED, stillValid);
        ApiServer.authenticated(context);
    }

    /** A guessed key takes a token of its address before the database is asked, a bad one after. */
    private Principal authenticate(Context context) {
        String address = context.req().getRemoteAddr();
        boolean[] counted = {false};
        try {
            return authenticator.authenticate(
                    context,
                    () -> {
                        counted[0] = true;
                        count(address);
                    });
        } catch (ProblemException e) {
            if (!counted[0]) {
                count(address);
            }
            throw e;
        }
    }

    void count(String address) {
        Optional<Duration> wait = limits.unauthenticated(address);
        if (wait.isPresent()) {
            throw new ProblemException(Problem.tooManyRequests(wait.get()));
        }
    }

    private boolean isStillValid(Context context, Principal principal) {
        try {
            return authenticator.authenticate(context, () -> {}).hasRightsOf(principal);
        } catch (ProblemException refused) {
            return false;
        }
    }

    /**
     * Whether the key of a request that runs for long is still valid and has its scopes; asks the
     * database every few seconds at most.
     */
    public static boolean isStillAdmitted(Context context) {
        BooleanSupplier admitted = context.attribute(STILL_ADMITTED);
        return admitted != null && admitted.getAsBoolean();
    }

    /**
     * @throws ProblemException 403 when the key of the request lacks the scope
     */
    public static void require(Context context, Scope scope) {
        if (!principal(context).may(scope)) {
            throw new ProblemException(Problem.missingScope(scope.wireName()));
        }
    }

    /**
     * The operator's request is about a resource of this client: the audit log has it there.
     *
     * @throws IllegalStateException when it is not the operator's
     */
    public static void actFor(Context context, UUID clientId) {
        Principal principal = principal(context);
        if (!principal.isOperator()) {
            throw new IllegalStateException("only the operator acts for other clients");
        }
        context.attribute(PRINCIPAL, principal.actingFor(clientId));
    }

    /** Whether the request carries a valid key. */
    public static boolean isAuthenticated(Context context) {
        return context.attribute(PRINCIPAL) != null;
    }

    /** The sender of a request with a valid key or session. */
    public static Principal principal(Context context) {
        Principal principal = context.attribute(PRINCIPAL);
        if (principal == null) {
            throw new IllegalStateException("this request has no principal");
        }
        return principal;
    }
}
