package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.HostMemory;
import dev.mailbell.mail.MailFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries the ways in which a password can be proven to a mail host, one after the other. A host may
 * offer a mechanism that it has no secrets for; once another way has worked there, the first one is
 * left out for a day. Safe for many threads.
 */
public final class LoginWays {
    private static final Logger LOG = LoggerFactory.getLogger(LoginWays.class);

    /** Servers count refused logins, so a wrong password must not cost many. */
    private static final int MOST = 3;

    private final HostMemory<String> unusable = new HostMemory<>(System::nanoTime);

    /**
     * Answers what the first way gives that the host does not refuse.
     *
     * @param host the host with its port
     * @param ways by their names, the one to be tried first at the front; each throws {@link
     *     MailFailure} when it is refused
     * @throws MailFailure of the first way, when all are refused; rate_limited when the server asks
     *     to wait
     */
    public <R> R first(String host, SequencedMap<String, Supplier<R>> ways) {
        List<Map.Entry<String, Supplier<R>>> usable = new ArrayList<>(ways.entrySet());
        usable.removeIf(way -> unusable.hasFailed(host, way.getKey()));
        if (usable.isEmpty()) {
            usable.addAll(ways.entrySet());
        }
        List<String> refused = new ArrayList<>();
        MailFailure failure = null;
        for (var way : usable.subList(0, Math.min(MOST, usable.size()))) {
            try {
                R result = way.getValue().get();
                remember(host, refused, way.getKey());
                return result;
            } catch (MailFailure next) {
                refused.add(way.getKey());
                failure = telling(failure, next);
                if (next.code() != FailureCode.AUTH_FAILED) {
                    throw failure;
                }
            }
        }
        if (failure == null) {
            throw new IllegalArgumentException("no way to log in was given");
        }
        throw failure;
    }

    /**
     * The failure that says more: the first one, because servers drop a connection behind a refused
     * login; but a server that asks to wait has not judged the password.
     */
    private static MailFailure telling(@Nullable MailFailure first, MailFailure next) {
        return first == null || next.code() == FailureCode.RATE_LIMITED ? next : first;
    }

    private void remember(String host, List<String> refused, String worked) {
        for (String name : refused) {
            if (unusable.failed(host, name)) {
                LOG.info(
                        "{} offers logins by {} and refuses them; {} is used there for a day",
                        host,
                        name,
                        worked);
            }
        }
    }
}
