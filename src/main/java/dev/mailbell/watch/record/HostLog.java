package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs changed states of accounts: the first of a mail host at once, the others once a minute, with
 * their number and some of their ids. So an outage of a host makes one line a minute, not one an
 * account.
 */
public final class HostLog {
    private static final Logger LOG = LoggerFactory.getLogger(HostLog.class);
    private static final int HOSTS_COUNTED = 10_000;

    /** Ids in one line, for each kind of change. */
    private static final int NAMED = 3;

    private final Map<String, Map<String, Others>> counted = new HashMap<>();

    /** Accounts of a host with the same change, and what one of them said. */
    private static final class Others {
        private final List<UUID> named = new ArrayList<>();
        private @Nullable String message;
        private int count;

        void add(Account account) {
            count++;
            Failure failure = account.failure();
            if (failure != null) {
                message = failure.message();
            }
            if (named.size() < NAMED) {
                named.add(account.id());
            }
        }

        @Override
        public String toString() {
            return count
                    + " ("
                    + named.stream().map(UUID::toString).collect(Collectors.joining(", "))
                    + (count > named.size() ? ", …" : "")
                    + ")"
                    + (message == null ? "" : ": " + message);
        }
    }

    /** An account has come to another state, or fails for another reason. */
    public synchronized void changed(Account account) {
        String host = account.mail().host();
        Failure failure = account.failure();
        Map<String, Others> others = counted.get(host);
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
            others.computeIfAbsent(kind(account.state(), failure), kind -> new Others())
                    .add(account);
        }
    }

    private static String kind(AccountState state, @Nullable Failure failure) {
        return failure == null
                ? state.wireName()
                : state.wireName() + ", " + failure.code().wireName();
    }

    /** A minute has passed. */
    public synchronized void minute() {
        Map<String, Map<String, Others>> logged = new HashMap<>(counted);
        counted.clear();
        logged.forEach((host, kinds) -> {
            if (!kinds.isEmpty()) {
                kinds.forEach((kind, others) ->
                        LOG.info(
                                "More accounts of {} in the last minute: {}, {}",
                                host,
                                kind,
                                others));
                // It goes on: the next minute is counted too.
                counted.put(host, new TreeMap<>());
            }
        });
    }
}
