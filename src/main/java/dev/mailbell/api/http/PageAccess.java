package dev.mailbell.api.http;

import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.KeyText;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Lets people in who sign in with a key: by the same keys, limits and rights as requests of the
 * API. A session remembers the hash of its key, never the key.
 */
public final class PageAccess {
    private final Authenticator authenticator;
    private final AccessFilter filter;

    public PageAccess(Authenticator authenticator, AccessFilter filter) {
        this.authenticator = authenticator;
        this.filter = filter;
    }

    /**
     * Who signs in with a key.
     *
     * @param hash by which {@link #principal} finds the key again
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record SignedIn(Principal principal, byte[] hash) {}

    /**
     * Checks a key that a person has typed. One that is not valid counts as a request of its
     * address without a valid key.
     *
     * @throws ProblemException 401 when the key is not valid, 429 when its address has sent too
     *     many of these
     */
    public SignedIn signIn(Context context, String key) {
        String address = context.req().getRemoteAddr();
        boolean[] counted = {false};
        try {
            Principal principal =
                    authenticator.authenticate(
                            key,
                            () -> {
                                counted[0] = true;
                                filter.count(address);
                            });
            return new SignedIn(principal, KeyText.sha256(key));
        } catch (ProblemException e) {
            if (!counted[0]) {
                filter.count(address);
            }
            throw e;
        }
    }

    /** The rights of a key now; empty once it was revoked or has expired. */
    public Optional<Principal> principal(byte[] hash) {
        return authenticator.authenticate(hash, () -> {});
    }

    /**
     * Makes this the sender of the request.
     *
     * @param now returns the sender again, while a long answer is under way
     * @throws ProblemException 429 when the key or the client has sent too many requests
     */
    public void admit(Context context, Principal principal, Supplier<Optional<Principal>> now) {
        filter.admit(
                context,
                principal,
                () -> now.get().filter(later -> later.hasRightsOf(principal)).isPresent());
    }

    /**
     * Counts a request whose session is no session.
     *
     * @throws ProblemException 429 when its address has sent too many
     */
    public void countRefused(Context context) {
        filter.count(context.req().getRemoteAddr());
    }
}
