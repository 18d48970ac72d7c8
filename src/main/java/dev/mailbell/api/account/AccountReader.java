package dev.mailbell.api.account;

import dev.mailbell.account.WatchSettings;
import dev.mailbell.api.request.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.request.ViewFormats;
import dev.mailbell.mail.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads the JSON of an account. */
public final class AccountReader {
    static final int MOST_MAILBOXES = 32;

    private static final String INBOX = "INBOX";
    private static final int LONGEST_REF = 255;
    private static final int LONGEST_MAILBOX = 255;

    private final RequestPolicy policy;

    public AccountReader(RequestPolicy policy) {
        this.policy = policy;
    }

    /**
     * @throws ProblemException 400 with every fault
     */
    AccountDraft read(ObjectNode json) {
        FieldErrors faults = new FieldErrors();
        Fields fields = Fields.of(json, faults);
        String ref = fields.line("ref", LONGEST_REF).orElse(null);
        String address = address(fields);
        fields.require("mail");
        Optional<Fields> mail = fields.object("mail");
        LoginDraft login = mail.map(LoginReader::read).orElse(LoginDraft.NONE);
        List<String> mailboxes = mailboxes(fields);
        Optional<Fields> watch = fields.object("watch");
        WatchSettings settings =
                watch.map(AccountReader::watch).orElse(new WatchSettings(null, null, false));
        Map<String, String> labels = fields.labels("labels");
        fields.done();
        checkAgainst(login.protocol(), mailboxes, settings, faults);
        faults.throwIfAny();
        return new AccountDraft(ref, address, login, mailboxes, settings, labels);
    }

    private static String address(Fields fields) {
        String address = fields.requiredLine("address", MailAddresses.LONGEST);
        if (!address.isEmpty()) {
            MailAddresses.faultOf(address).ifPresent(message -> fields.fault("address", message));
        }
        return address;
    }

    private static List<String> mailboxes(Fields fields) {
        List<String> names =
                fields
                        .lines("mailboxes", 1, MOST_MAILBOXES, LONGEST_MAILBOX)
                        .orElse(List.of(INBOX))
                        .stream()
                        .map(AccountReader::canonicalMailbox)
                        .toList();
        if (names.stream().distinct().count() < names.size()) {
            fields.fault("mailboxes", "has INBOX twice; its name is the same in any case");
        }
        return names;
    }

    /** INBOX is the one name that is the same in any case (RFC 9051, section 5.1). */
    static String canonicalMailbox(String name) {
        return name.equalsIgnoreCase(INBOX) ? INBOX : name;
    }

    private static WatchSettings watch(Fields watch) {
        Boolean push = watch.bool("push").orElse(null);
        Duration interval = watch.duration("interval").orElse(null);
        boolean envelopes = watch.bool("envelopes").orElse(false);
        watch.done();
        return new WatchSettings(push, interval, envelopes);
    }

    private void checkAgainst(
            Protocol protocol, List<String> mailboxes, WatchSettings watch, FieldErrors faults) {
        if (protocol == Protocol.POP3
                && !mailboxes.isEmpty()
                && !mailboxes.equals(List.of(INBOX))) {
            faults.add("mailboxes", "POP3 has one mailbox, INBOX; leave the field out");
        }
        checkInterval(protocol, watch.interval(), faults);
    }

    private void checkInterval(Protocol protocol, @Nullable Duration interval, FieldErrors faults) {
        Duration least = policy.shortestInterval(protocol);
        Duration most = policy.longestInterval(protocol);
        if (interval != null && (interval.compareTo(least) < 0 || interval.compareTo(most) > 0)) {
            faults.add(
                    "watch.interval",
                    "must be from "
                            + ViewFormats.seconds(least)
                            + " to "
                            + ViewFormats.seconds(most));
        }
    }
}
