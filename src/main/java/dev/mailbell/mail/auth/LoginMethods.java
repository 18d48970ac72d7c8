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
 * Tries the methods of logging in with a password one after the other. A host may offer a mechanism
 * for which it has no stored secrets; once another method has worked there, the refused one is
 * skipped for a day. Thread-safe.
 */
public final class LoginMethods {
    private static final Logger LOG = LoggerFactory.getLogger(LoginMethods.class);

    /** Servers count refused logins, so a wrong password must not cost many. */
    private static final int MAX_ATTEMPTS = 3;

    private final HostMemory<String> unusable = new HostMemory<>(System::nanoTime);

    /**
     * Returns the result of the first method that the host does not refuse.
     *
     * @param host the host with its port
     * @param methods the methods by name, in the order to try; each throws {@link MailFailure} when
     *     it is refused
     * @throws MailFailure of the first method, when all are refused; rate_limited when the server
     *     asks to wait
     */
    public <R> R first(String host, SequencedMap<String, Supplier<R>> methods) {
        List<Map.Entry<String, Supplier<R>>> usable = new ArrayList<>(methods.entrySet());
        usable.removeIf(method -> unusable.hasFailed(host, method.getKey()));
        if (usable.isEmpty()) {
            usable.addAll(methods.entrySet());
        }
        List<String> refused = new ArrayList<>();
        MailFailure failure = null;
        for (var method : usable.subList(0, Math.min(MAX_ATTEMPTS, usable.size()))) {
            try {
                R result = method.getValue().get();
                remember(host, refused, method.getKey());
                return result;
            } catch (MailFailure next) {
                refused.add(method.getKey());
                failure = moreInformative(failure, next);
                if (next.code() != FailureCode.AUTH_FAILED) {
                    throw failure;
                }
            }
        }
        if (failure == null) {
            throw new IllegalArgumentException("no login method was given");
        }
        throw failure;
    }

    /**
     * The failure to report: the first one, because servers close the connection after a refused
     * login; but a server that wants fewer logins has not evaluated the password, and one that
     * finds the mailbox locked has accepted it.
     */
    private static MailFailure moreInformative(@Nullable MailFailure first, MailFailure next) {
        return first == null || next.code().isOfLimit() || next.code() == FailureCode.MAILBOX_LOCKED
                ? next
                : first;
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
