package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.angus.mail.iap.Argument;

/**
 * Asks how mailboxes are without opening them: one by one, or all at once (RFC 5819). While it
 * asks, a STATUS response is an answer; at other times it is a hint.
 */
final class StatusCommands {
    private final ImapWire wire;
    private final MailboxSpellings.OfLogin spellings;
    private final Map<String, Status> ahead = new HashMap<>();

    /** What was last said of mailboxes that push was asked for, besides the one kept open. */
    private final Map<String, Status> told = new HashMap<>();

    private boolean helps = true;
    private boolean allAtOnce;
    private boolean notified;

    /** The mailboxes that the command under way asks for, by their names as the server has them. */
    private Map<String, String> asked = Map.of();

    StatusCommands(ImapWire wire, Capabilities capabilities, MailboxSpellings.OfLogin spellings) {
        this.wire = wire;
        this.spellings = spellings;
        this.allAtOnce = capabilities.has("LIST-STATUS") && capabilities.has("LIST-EXTENDED");
    }

    /** Whether an answer is worth the round trip: 163 knows nothing of UIDNEXT. */
    boolean help() {
        return helps;
    }

    /**
     * What the server says unasked of these mailboxes is a hint.
     *
     * @param all whether it said that it will, by NOTIFY
     */
    void expectUnasked(List<String> others, boolean all) {
        told.clear();
        others.forEach(mailbox -> told.put(mailbox, Status.UNKNOWN));
        notified = all;
    }

    /** Asks for several mailboxes, none of them selected; {@link #of} has the answers, once. */
    void askAhead(List<String> mailboxes) {
        ahead.clear();
        Map<String, String> names = new LinkedHashMap<>();
        Argument patterns = new Argument();
        for (String mailbox : mailboxes) {
            String raw = spellings.raw(mailbox);
            // A name with wildcards would be a pattern for others.
            if (raw.indexOf('*') < 0 && raw.indexOf('%') < 0 && names.put(raw, mailbox) == null) {
                patterns.writeString(raw);
            }
        }
        if (!allAtOnce || !helps || names.size() < 2) {
            return;
        }
        Argument status = new Argument();
        status.writeAtom("STATUS");
        status.writeArgument(items());
        Argument arguments = new Argument();
        arguments.writeString("");
        arguments.writeArgument(patterns);
        arguments.writeAtom("RETURN");
        arguments.writeArgument(status);
        Reply reply = ask("LIST", arguments, names);
        if (!reply.ok()) {
            allAtOnce = false;
            ahead.clear();
        }
    }

    /** How a mailbox is; all unknown where only EXAMINE will tell. */
    Status of(String mailbox) {
        Status known = ahead.remove(mailbox);
        if (known != null) {
            return known;
        }
        String raw = spellings.raw(mailbox);
        Argument arguments = new Argument();
        arguments.writeString(raw);
        arguments.writeArgument(items());
        Reply reply = ask("STATUS", arguments, Map.of(raw, mailbox));
        Status answer = ahead.remove(mailbox);
        if (!reply.ok() || answer == null) {
            return Status.UNKNOWN;
        }
        helps = answer.uidNext() > 0;
        return answer;
    }

    private Reply ask(String command, Argument arguments, Map<String, String> names) {
        asked = names;
        try {
            return wire.command(
                    command, arguments, BoundedResponses.USUAL_LIMIT, line -> take(line, names));
        } finally {
            asked = Map.of();
        }
    }

    /** Keeps a STATUS of one of the mailboxes asked for; of any other it proves nothing. */
    private void take(SharedResponse line, Map<String, String> names) {
        if (line.keyEquals("STATUS")) {
            Answer answer = Answer.parse(line);
            answer.mailbox(names).ifPresent(mailbox -> ahead.put(mailbox, answer.status()));
        }
    }

    /**
     * Whether a STATUS response tells of something that no look can know yet: it is of a mailbox
     * that is not asked for just now, and says something else than the one before.
     */
    boolean isNews(SharedResponse line) {
        Answer answer = Answer.parse(line);
        Optional<String> asking = answer.mailbox(asked);
        Optional<String> other =
                answer.mailbox(
                        told.keySet().stream()
                                .collect(
                                        Collectors.toMap(
                                                spellings::raw, name -> name, (a, b) -> a)));
        if (asking.isPresent() || !asked.isEmpty() && other.isEmpty()) {
            asking.ifPresent(mailbox -> told.replace(mailbox, answer.status()));
            return false;
        }
        if (other.isEmpty()) {
            // By NOTIFY it can only be one of them, in a spelling of the server's own.
            return notified;
        }
        Status before = told.replace(other.get(), answer.status());
        return !answer.status().equals(before);
    }

    /**
     * A STATUS response.
     *
     * @param name as the server has it; blanks in it may be unquoted
     */
    private record Answer(String name, Status status) {
        static Answer parse(SharedResponse line) {
            List<?> items = ParenthesizedData.parse(line.getRest()).items();
            String name =
                    items.stream()
                            .takeWhile(ParenthesizedData.Text.class::isInstance)
                            .map(item -> ((ParenthesizedData.Text) item).value())
                            .collect(Collectors.joining(" "));
            Status status =
                    !items.isEmpty()
                                    && items.getLast() instanceof ParenthesizedData.Group attributes
                            ? Status.parse(attributes)
                            : Status.UNKNOWN;
            return new Answer(name, status);
        }

        /** Which of the mailboxes, given by their names as sent, it is of. */
        Optional<String> mailbox(Map<String, String> names) {
            if (name.isEmpty() || status.equals(Status.UNKNOWN)) {
                return Optional.empty();
            }
            Set<String> raws = names.keySet();
            return MailboxSpellings.matching(name, List.copyOf(raws)).map(names::get);
        }
    }

    private static Argument items() {
        Argument items = new Argument();
        items.writeAtom("MESSAGES");
        items.writeAtom("UIDNEXT");
        items.writeAtom("UIDVALIDITY");
        return items;
    }
}
