package dev.mailbell.mail.imap;

import dev.mailbell.mail.Login;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The messages at whose envelopes sessions were lost. Some servers crash at a damaged message.
 * After the second loss, since the first may be due to the network, its envelope is not asked for
 * again, so that the message is counted. Thread-safe.
 */
final class LostEnvelopes {
    /** The maximum number of mailboxes remembered; the oldest one is removed first. */
    static final int MAX_MAILBOXES = 10_000;

    private static final int LOSSES = 2;

    /** How many sessions were lost at each message. */
    private final Map<Key, Map<Long, Integer>> lost = new LinkedHashMap<>();

    private record Key(String host, int port, String user, String mailbox) {}

    OfLogin of(Login login) {
        return new OfLogin(login);
    }

    /** The mailboxes of one login. */
    final class OfLogin {
        private final Login login;

        private OfLogin(Login login) {
            this.login = login;
        }

        /** The messages whose envelopes may be asked for. */
        List<Long> without(String mailbox, List<Long> uids) {
            synchronized (lost) {
                Map<Long, Integer> losses = lost.getOrDefault(key(mailbox), Map.of());
                return uids.stream().filter(uid -> losses.getOrDefault(uid, 0) < LOSSES).toList();
            }
        }

        /** Records that the session was lost at these envelopes. */
        void lostAt(String mailbox, List<Long> uids) {
            synchronized (lost) {
                Map<Long, Integer> losses =
                        lost.computeIfAbsent(key(mailbox), k -> new HashMap<>());
                uids.forEach(uid -> losses.merge(uid, 1, Integer::sum));
                if (lost.size() > MAX_MAILBOXES) {
                    lost.remove(lost.keySet().iterator().next());
                }
            }
        }

        /** Records that the others were fetched. */
        void forget(String mailbox) {
            synchronized (lost) {
                lost.remove(key(mailbox));
            }
        }

        private Key key(String mailbox) {
            return new Key(
                    login.host().toLowerCase(Locale.ROOT), login.port(), login.username(), mailbox);
        }
    }
}
