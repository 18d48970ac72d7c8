package dev.mailbell.mail.imap;

import dev.mailbell.mail.Login;
import dev.mailbell.mail.text.MailboxNames;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How servers encode mailbox names that are not in the modified UTF-7 of RFC 3501. Remembered for
 * each login across sessions. Thread-safe.
 */
final class MailboxSpellings {
    /** The maximum number of spellings remembered; the oldest one is removed first. */
    static final int MAX_NAMES = 10_000;

    /** The minimum time between two lists of mailboxes because of the same name. */
    static final Duration ASKED_AGAIN = Duration.ofMinutes(10);

    private static final List<String> LEGACY =
            List.of(
                    "GB18030",
                    "Big5",
                    "Shift_JIS",
                    "EUC-JP",
                    "EUC-KR",
                    "windows-1251",
                    "KOI8-R",
                    "windows-1252",
                    "ISO-8859-2");

    private final LongSupplier nanoTime;
    private final Map<Key, Found> found = new LinkedHashMap<>();

    private record Key(String host, int port, String user, String mailbox) {}

    /** The result of a lookup; null if the list does not contain the mailbox. */
    private record Found(@Nullable String raw, long at) {}

    MailboxSpellings(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    OfLogin of(Login login) {
        return new OfLogin(login.host().toLowerCase(Locale.ROOT), login.port(), login.username());
    }

    /** The mailboxes of one login. */
    final class OfLogin {
        private final String host;
        private final int port;
        private final String user;

        private OfLogin(String host, int port, String user) {
            this.host = host;
            this.port = port;
            this.user = user;
        }

        /** The octets to send for a mailbox's name in Unicode, one character each. */
        String raw(String mailbox) {
            Found known = known(mailbox);
            return known == null || known.raw() == null
                    ? MailboxNames.encode(mailbox)
                    : known.raw();
        }

        /**
         * Looks up a name that the server does not know, unless that was done within {@link
         * #ASKED_AGAIN}.
         *
         * @param list reads the names of all mailboxes, as the server encodes them; empty if it
         *     refuses
         * @return whether the result of {@link #raw} has changed
         */
        boolean refresh(String mailbox, Supplier<Optional<List<String>>> list) {
            Found before = known(mailbox);
            if (MailboxNames.isInbox(mailbox)
                    || before != null
                            && nanoTime.getAsLong() - before.at() < ASKED_AGAIN.toNanos()) {
                return false;
            }
            String refused = raw(mailbox);
            String raw = list.get().flatMap(names -> matching(mailbox, names)).orElse(null);
            remember(mailbox, new Found(raw, nanoTime.getAsLong()));
            return raw != null && !raw.equals(refused);
        }

        private @Nullable Found known(String mailbox) {
            synchronized (found) {
                return found.get(new Key(host, port, user, mailbox));
            }
        }

        private void remember(String mailbox, Found now) {
            Key key = new Key(host, port, user, mailbox);
            synchronized (found) {
                found.remove(key);
                found.put(key, now);
                if (found.size() > MAX_NAMES) {
                    found.remove(found.keySet().iterator().next());
                }
            }
        }
    }

    /**
     * The server's name for a mailbox: the one with the same octets, else with the same decoded
     * name, else the only one that differs by case or a hierarchy delimiter at its end, else the
     * only one that is the name in another charset.
     */
    static Optional<String> matching(String mailbox, List<String> raws) {
        return first(raws, raw -> raw.equals(mailbox))
                .or(() -> first(raws, raw -> MailboxNames.decode(raw).equals(mailbox)))
                .or(() -> first(raws, raw -> readable(raw).equals(readable(mailbox))))
                .or(() -> only(raws, raw -> folded(raw).equals(folded(mailbox))))
                .or(() -> only(raws, octets(mailbox)::contains));
    }

    /** The octets of the name in the charsets from before Unicode, as some servers store it. */
    private static Set<String> octets(String mailbox) {
        Set<String> spellings = new HashSet<>();
        if (mailbox.chars().anyMatch(c -> c >= 0x80)) {
            for (String name : LEGACY) {
                Charset charset = Charset.forName(name);
                if (charset.newEncoder().canEncode(mailbox)) {
                    spellings.add(
                            new String(mailbox.getBytes(charset), StandardCharsets.ISO_8859_1));
                }
            }
        }
        return spellings;
    }

    private static Optional<String> first(List<String> raws, Predicate<String> matches) {
        return raws.stream().filter(matches).findFirst();
    }

    private static Optional<String> only(List<String> raws, Predicate<String> matches) {
        List<String> matching = raws.stream().filter(matches).distinct().limit(2).toList();
        return matching.size() == 1 ? Optional.of(matching.getFirst()) : Optional.empty();
    }

    private static String readable(String raw) {
        return MailboxNames.readable(raw);
    }

    private static String folded(String raw) {
        String name = readable(raw).toLowerCase(Locale.ROOT);
        boolean delimited = name.length() > 1 && (name.endsWith("/") || name.endsWith("."));
        return delimited ? name.substring(0, name.length() - 1) : name;
    }
}
