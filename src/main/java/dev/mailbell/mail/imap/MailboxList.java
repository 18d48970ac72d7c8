package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.text.MailboxNames;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.angus.mail.iap.Argument;
import org.jspecify.annotations.Nullable;

/** The names of the mailboxes that can be opened (RFC 9051, section 7.3.1); at most 10,000. */
final class MailboxList {
    private static final int LIMIT = 10_000;
    private static final Set<String> CLOSED = Set.of("\\NOSELECT", "\\NONEXISTENT");

    /** A backslash as the delimiter, which some servers do not escape. */
    private static final String UNESCAPED = "\\) +\"\\\\\" +";

    private MailboxList() {}

    /** The names as the server encodes them, one character an octet. */
    static List<String> askedFor(ImapWire wire) {
        List<String> names = new ArrayList<>();
        Reply reply = list(wire, names);
        if (!reply.ok()) {
            throw Refusals.ofCommand(reply, "to list the mailboxes");
        }
        return names;
    }

    /** The same; empty if the server refuses. */
    static Optional<List<String>> ifGiven(ImapWire wire) {
        List<String> names = new ArrayList<>();
        return list(wire, names).ok() ? Optional.of(names) : Optional.empty();
    }

    /**
     * Whether the server lists a mailbox that can be opened.
     *
     * @param raw the name as the server encodes it; for a name with wildcards the result is false
     */
    static boolean has(ImapWire wire, String raw) {
        List<String> names = new ArrayList<>();
        boolean pattern = raw.indexOf('*') >= 0 || raw.indexOf('%') >= 0;
        return !pattern && list(wire, raw, names).ok() && !names.isEmpty();
    }

    private static Reply list(ImapWire wire, List<String> names) {
        return list(wire, "*", names);
    }

    private static Reply list(ImapWire wire, String pattern, List<String> names) {
        Argument arguments = new Argument();
        arguments.writeString("");
        arguments.writeString(pattern);
        return wire.command(
                "LIST",
                arguments,
                BoundedResponses.USUAL_LIMIT,
                line -> {
                    if (line.keyEquals("LIST") && names.size() < LIMIT) {
                        String entry = line.getRest().replaceFirst(UNESCAPED, ") \"\\\\\\\\\" ");
                        add(names, ParenthesizedData.parse(entry));
                    }
                });
    }

    private static void add(List<String> names, ParenthesizedData.Group entry) {
        // A name that is not quoted may contain blanks.
        String raw =
                entry.items().stream()
                        .skip(2)
                        .takeWhile(ParenthesizedData.Text.class::isInstance)
                        .map(word -> ((ParenthesizedData.Text) word).value())
                        .collect(Collectors.joining(" "));
        if (!raw.isEmpty()
                && entry.items().getFirst() instanceof ParenthesizedData.Group flags
                && flags.items().stream().noneMatch(MailboxList::isClosed)) {
            names.add(raw);
        }
    }

    private static boolean isClosed(@Nullable Object flag) {
        return flag instanceof ParenthesizedData.Text text
                && CLOSED.contains(text.value().toUpperCase(Locale.ROOT));
    }

    /**
     * The names in Unicode, each once: of two with the same Unicode form, the correctly encoded one
     * is decoded, and the other is returned unchanged.
     */
    static List<String> readable(List<String> raws) {
        Set<String> wellEncoded = new LinkedHashSet<>();
        raws.stream()
                .filter(raw -> !MailboxNames.decode(raw).equals(raw))
                .map(MailboxNames::decode)
                .forEach(wellEncoded::add);
        wellEncoded.addAll(raws);
        Set<String> names = new LinkedHashSet<>();
        for (String raw : raws) {
            String decoded = MailboxNames.decode(raw);
            String readable = MailboxNames.readable(raw);
            boolean free = decoded.equals(readable) || !wellEncoded.contains(readable);
            names.add(free ? readable : raw);
        }
        return List.copyOf(names);
    }
}
