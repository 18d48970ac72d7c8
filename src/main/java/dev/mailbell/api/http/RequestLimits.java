package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.RequestPolicy;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * The limits of requests: those of a key and of a client a second, and those of requests that let
 * Mailbell log in somewhere, a minute. The latter hold for clients' keys and not for the
 * operator's. The limits are those of the cluster, of which each node grants its part. The answers
 * carry the fields of draft-ietf-httpapi-ratelimit-headers.
 */
public final class RequestLimits {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RequestPolicy policy;
    private final RateLimit keys;
    private final RateLimit clients;
    private final RateLimit addresses;
    private final RateLimit verifies;
    private final RateLimit checks;
    private final RateLimit registrations;

    /**
     * @param nanoTime the monotonic clock
     */
    public RequestLimits(RequestPolicy policy, LongSupplier nanoTime) {
        this.policy = policy;
        this.keys = new RateLimit(part(policy::requestsPerSecond), nanoTime);
        this.clients = new RateLimit(part(policy::requestsPerSecondPerClient), nanoTime);
        this.addresses = new RateLimit(part(policy::requestsPerSecond), nanoTime);
        this.verifies = new RateLimit(part(policy::verifiesPerMinute), MINUTE, nanoTime);
        this.checks = new RateLimit(part(policy::checksPerMinute), MINUTE, nanoTime);
        this.registrations = new RateLimit(part(policy::registrationsPerMinute), MINUTE, nanoTime);
    }

    /** This node's part of a limit of the cluster. */
    private DoubleSupplier part(DoubleSupplier limit) {
        return () -> limit.getAsDouble() / policy.nodes();
    }

    /**
     * Counts a request of a key, and of its client unless the key is the operator's.
     *
     * @throws ProblemException 429 when one of them has sent too many
     */
    void request(Context context, Principal principal) {
        RateLimit.Taken ofKey = keys.take(principal.keyId(), 1);
        context.header("RateLimit-Policy", policyField("key", ofKey, 1));
        context.header("RateLimit", field("key", ofKey));
        require(ofKey, "limits.requestsPerSecond");
        if (principal.isOperator()) {
            return;
        }
        Integer own = principal.clientRequestsPerSecond();
        RateLimit.Taken ofClient =
                clients.take(
                        principal.clientId().toString(),
                        1,
                        (own == null ? policy.requestsPerSecondPerClient() : own) / policy.nodes());
        context.header(
                "RateLimit-Policy",
                policyField("key", ofKey, 1) + ", " + policyField("client", ofClient, 1));
        context.header("RateLimit", field("key", ofKey) + ", " + field("client", ofClient));
        require(ofClient, "limits.requestsPerSecondPerClient");
    }

    /**
     * Counts a request without a valid key.
     *
     * @return the wait when its address has sent too many
     */
    public Optional<Duration> unauthenticated(String address) {
        return addresses.take(address);
    }

    /** Counts a login that is tried for a request; 429 when there were too many. */
    public void verify(Context context) {
        take(context, verifies, 1, "limits.verifiesPerMinute");
    }

    /** Counts a check on demand; 429 when there were too many. */
    public void check(Context context) {
        take(context, checks, 1, "limits.checksPerMinute");
    }

    /** Counts registrations and changes of logins, which are tried at once; 429 after too many. */
    public void registrations(Context context, int accounts) {
        take(context, registrations, accounts, "limits.registrationsPerMinute");
    }

    private static void take(Context context, RateLimit limit, int tokens, String key) {
        Principal principal = AccessFilter.principal(context);
        if (tokens == 0 || principal.isOperator()) {
            return;
        }
        RateLimit.Taken taken = limit.take(principal.clientId().toString(), tokens);
        if (!taken.granted()) {
            context.header(
                    "RateLimit-Policy", policyField("client", taken, (int) MINUTE.toSeconds()));
            context.header("RateLimit", field("client", taken));
        }
        require(taken, key);
    }

    private static void require(RateLimit.Taken taken, String key) {
        if (!taken.granted()) {
            throw new ProblemException(
                    Problem.tooManyRequests(
                            taken.pause(), "more than " + taken.limit() + ": " + key));
        }
    }

    private static String policyField(String name, RateLimit.Taken taken, int window) {
        return "\"%s\";q=%d;w=%d".formatted(name, taken.limit(), window);
    }

    private static String field(String name, RateLimit.Taken taken) {
        return "\"%s\";r=%d;t=%d"
                .formatted(name, taken.remaining(), taken.full().plusMillis(999).toSeconds());
    }
}
