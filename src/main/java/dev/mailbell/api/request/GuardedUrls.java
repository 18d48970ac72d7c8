package dev.mailbell.api.request;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.network.address.AddressGuard;
import java.net.URI;
import java.util.Optional;
import java.util.function.Function;

/** Refuses URLs and hosts of requests that the operator's policy forbids. */
public final class GuardedUrls {
    private final AddressGuard guard;
    private final Function<String, Optional<String>> hostFaults;

    public GuardedUrls(AddressGuard guard) {
        this(guard, guard::check);
    }

    /**
     * @param hostFaults what the guard has against a host; empty for nothing
     */
    public GuardedUrls(AddressGuard guard, Function<String, Optional<String>> hostFaults) {
        this.guard = guard;
        this.hostFaults = hostFaults;
    }

    /**
     * @throws ProblemException 422 when Mailbell may not send requests to the URL
     */
    public void requireAllowed(String field, URI url) {
        requireProtected(field, url);
        requireAllowedHost(field, UrlSyntax.host(url));
    }

    /**
     * @throws ProblemException 422 for a URL without TLS whose host {@code network.allowCleartext}
     *     does not name
     */
    public void requireProtected(String field, URI url) {
        if (UrlSyntax.isCleartext(url) && !guard.allowsCleartext(UrlSyntax.host(url))) {
            throw new ProblemException(
                    Problem.refused(
                            "cleartext-refused",
                            field
                                    + " must begin with https://; the operator does not"
                                    + " allow clear text to this host"));
        }
    }

    /**
     * @throws ProblemException 422 when the guard refuses every address of the host
     */
    public void requireAllowedHost(String field, String host) {
        Optional<String> blocked = hostFaults.apply(host);
        if (blocked.isPresent()) {
            throw new ProblemException(
                    Problem.refused("blocked-address", field + ": " + blocked.get()));
        }
    }
}
