package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs changed states of accounts: the first of a mail host at once, the others as a count once a
 * minute. So an outage of a host makes one line a minute, not one an account.
 */
public final class HostLog {
    private static final Logger LOG = LoggerFactory.getLogger(HostLog.class);
    private static final int HOSTS_COUNTED = 10_000;

    private final Map<String, Map<String, Integer>> counted = new HashMap<>();

    /** An account has come to another state, or fails for another reason. */
    public synchronized void changed(Account account) {
        String host = account.mail().host();
        Failure failure = account.failure();
        Map<String, Integer> others = counted.get(host);
        if (others == null && counted.size() < HOSTS_COUNTED) {
            counted.put(host, new TreeMap<>());
            LOG.info(
                    "Account {} ({}): {}{}",
                    account.id(),
                    host,
                    account.state().wireName(),
                    failure == null
                            ? ""
                            : ", " + failure.code().wireName() + ": " + failure.message());
        } else if (others != null) {
            others.merge(kind(account.state(), failure), 1, Integer::sum);
        }
    }

    private static String kind(AccountState state, @Nullable Failure failure) {
        return failure == null
                ? state.wireName()
                : state.wireName() + " (" + failure.code().wireName() + ")";
    }

    /** A minute has passed. */
    public synchronized void minute() {
        Map<String, Map<String, Integer>> logged = new HashMap<>(counted);
        counted.clear();
        logged.forEach((host, kinds) -> {
            if (!kinds.isEmpty()) {
                LOG.info("{}: more accounts in the last minute: {}", host, kinds);
                // It goes on: the next minute is counted too.
                counted.put(host, new TreeMap<>());
            }
        });
    }
}
