package dev.mailbell.mail.imap;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.angus.mail.iap.Argument;

/**
 * Reads the status of mailboxes without opening them: one by one, or all at once (RFC 5819). A
 * STATUS response during such a command is its answer; at other times it is a hint.
 */
final class StatusCommands {
    /**
     * How long after the login a session that is lost at STATUS was lost because of it. A kept
     * session may have died before.
     */
    private static final Duration NEW = Duration.ofMinutes(1);

    private final long opened = System.nanoTime();
    private final ImapWire wire;
    private final ProofLadder ladder;
    private final MailboxSpellings.OfLogin spellings;
    private final Map<String, Status> prefetched = new HashMap<>();

    /**
     * The last reported status of the mailboxes that push was requested for, except the one kept
     * open.
     */
    private final Map<String, Status> reported = new HashMap<>();

    private boolean useful = true;
    private boolean allAtOnce;
    private boolean notified;

    /** The mailboxes of the current command, by their names as the server encodes them. */
    private Map<String, String> requested = Map.of();

    StatusCommands(
            ImapWire wire,
            Capabilities capabilities,
            ProofLadder ladder,
            MailboxSpellings.OfLogin spellings) {
        this.wire = wire;
        this.ladder = ladder;
        this.spellings = spellings;
        this.allAtOnce = capabilities.has("LIST-STATUS") && capabilities.has("LIST-EXTENDED");
    }

    /** Whether STATUS is worth the round trip: 163 does not give UIDNEXT. */
    boolean isUseful() {
        return useful;
    }

    /**
     * From now on unsolicited STATUS responses about these mailboxes are hints.
     *
     * @param all whether the server has accepted NOTIFY
     */
    void expectUnsolicited(List<String> others, boolean all) {
        reported.clear();
        others.forEach(mailbox -> reported.put(mailbox, Status.UNKNOWN));
        notified = all;
    }

    /**
     * Reads the status of several mailboxes, none of them selected; {@link #of} returns each once.
     */
    void prefetch(List<String> mailboxes) {
        prefetched.clear();
        Map<String, String> names = new LinkedHashMap<>();
        Argument patterns = new Argument();
        for (String mailbox : mailboxes) {
            String raw = spellings.raw(mailbox);
            // A name with wildcards would match other mailboxes.
            if (raw.indexOf('*') < 0 && raw.indexOf('%') < 0 && names.put(raw, mailbox) == null) {
                patterns.writeString(raw);
            }
        }
        if (!allAtOnce || !useful || names.size() < 2 || !ladder.trusts(Proof.STATUS)) {
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
            prefetched.clear();
        }
    }

    /** The status of a mailbox; all unknown where only EXAMINE gives it. */
    Status of(String mailbox) {
        Status known = prefetched.remove(mailbox);
        if (known != null) {
            return known;
        }
        String raw = spellings.raw(mailbox);
        Argument arguments = new Argument();
        arguments.writeString(raw);
        arguments.writeArgument(items());
        Reply reply = ask("STATUS", arguments, Map.of(raw, mailbox));
        Status answer = prefetched.remove(mailbox);
        if (!reply.ok() || answer == null) {
            return Status.UNKNOWN;
        }
        useful = answer.uidNext() > 0;
        return answer;
    }

    private Reply ask(String command, Argument arguments, Map<String, String> names) {
        requested = names;
        boolean isNew = System.nanoTime() - opened < NEW.toNanos();
        try {
            return wire.command(
                    command, arguments, BoundedResponses.USUAL_LIMIT, line -> take(line, names));
        } catch (MailFailure failure) {
            if (isNew && isLoss(failure.code())) {
                ladder.lostAt(Proof.STATUS);
            }
            throw failure;
        } finally {
            requested = Map.of();
        }
    }

    private static boolean isLoss(FailureCode code) {
        return switch (code) {
            case CONNECT_FAILED, TIMEOUT, SERVER_ERROR, PROTOCOL_ERROR -> true;
            default -> false;
        };
    }

    /** Keeps the STATUS of a requested mailbox; any other is ignored. */
    private void take(SharedResponse line, Map<String, String> names) {
        if (line.keyEquals("STATUS")) {
            Answer answer = Answer.parse(line);
            answer.mailbox(names).ifPresent(mailbox -> prefetched.put(mailbox, answer.status()));
        }
    }

    /**
     * Whether a STATUS response is a hint: it is about a mailbox that is not being requested, and
     * differs from the one before.
     */
    boolean isHint(SharedResponse line) {
        Answer answer = Answer.parse(line);
        Optional<String> requestedMailbox = answer.mailbox(requested);
        Optional<String> other =
                answer.mailbox(
                        reported.keySet().stream()
                                .collect(
                                        Collectors.toMap(
                                                spellings::raw, name -> name, (a, b) -> a)));
        if (requestedMailbox.isPresent() || !requested.isEmpty() && other.isEmpty()) {
            requestedMailbox.ifPresent(mailbox -> reported.replace(mailbox, answer.status()));
            return false;
        }
        if (other.isEmpty()) {
            // With NOTIFY it must be one of the mailboxes under another spelling.
            return notified;
        }
        Status before = reported.replace(other.get(), answer.status());
        return !answer.status().equals(before);
    }

    /**
     * A STATUS response.
     *
     * @param name as the server sent it; it may contain unquoted blanks
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

        /** The mailbox of this answer among those given by their names as sent. */
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
