package dev.mailbell.api.account.registration;

import dev.mailbell.account.WatchSettings;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.DurationFormat;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.mail.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads the JSON of an account. */
public final class AccountReader {
    static final int MAX_MAILBOXES = 32;

    private static final String INBOX = "INBOX";
    private static final int MAX_REF_LENGTH = 255;
    private static final int MAX_MAILBOX_LENGTH = 255;

    private final RequestPolicy policy;

    public AccountReader(RequestPolicy policy) {
        this.policy = policy;
    }

    /**
     * Reads and validates an account.
     *
     * @throws ProblemException 400 with every error
     */
    public AccountDraft read(ObjectNode json) {
        return read(json, false);
    }

    /**
     * The same for an account that may come without a secret.
     *
     * @throws ProblemException 400 with every error
     */
    public AccountDraft readImported(ObjectNode json) {
        return read(json, true);
    }

    private AccountDraft read(ObjectNode json, boolean withoutSecret) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String ref = fields.line("ref", MAX_REF_LENGTH).orElse(null);
        String address = address(fields);
        fields.require("mail");
        Optional<Fields> mail = fields.object("mail");
        LoginDraft login =
                mail.map(it -> LoginReader.read(it, policy, withoutSecret)).orElse(LoginDraft.NONE);
        List<String> mailboxes = mailboxes(fields);
        Optional<Fields> watch = fields.object("watch");
        WatchSettings settings =
                watch.map(AccountReader::watch).orElse(new WatchSettings(null, null, false));
        Map<String, String> labels = fields.labels("labels");
        fields.rejectUnknown();
        validateForProtocol(login.protocol(), mailboxes, settings, errors);
        errors.throwIfAny();
        return new AccountDraft(ref, address, login, mailboxes, settings, labels);
    }

    public static String address(Fields fields) {
        String address = fields.requiredLine("address", MailAddresses.MAX_LENGTH);
        if (!address.isEmpty()) {
            MailAddresses.errorOf(address).ifPresent(message -> fields.error("address", message));
        }
        return address;
    }

    private static List<String> mailboxes(Fields fields) {
        List<String> names =
                fields
                        .lines("mailboxes", 1, MAX_MAILBOXES, MAX_MAILBOX_LENGTH)
                        .orElse(List.of(INBOX))
                        .stream()
                        .map(AccountReader::canonicalMailbox)
                        .toList();
        if (names.stream().distinct().count() < names.size()) {
            fields.error("mailboxes", "has INBOX twice; its name is the same in any case");
        }
        return names;
    }

    /** The name INBOX alone is case-insensitive (RFC 9051, section 5.1). */
    public static String canonicalMailbox(String name) {
        return name.equalsIgnoreCase(INBOX) ? INBOX : name;
    }

    private static WatchSettings watch(Fields watch) {
        Boolean push = watch.bool("push").orElse(null);
        Duration interval = watch.duration("interval").orElse(null);
        boolean envelopes = watch.bool("envelopes").orElse(false);
        watch.rejectUnknown();
        return new WatchSettings(push, interval, envelopes);
    }

    private void validateForProtocol(
            Protocol protocol, List<String> mailboxes, WatchSettings watch, FieldErrors errors) {
        if (protocol == Protocol.POP3
                && !mailboxes.isEmpty()
                && !mailboxes.equals(List.of(INBOX))) {
            errors.add("mailboxes", "POP3 has one mailbox, INBOX; leave the field out");
        }
        validateInterval(protocol, watch.interval(), errors);
    }

    private void validateInterval(
            Protocol protocol, @Nullable Duration interval, FieldErrors errors) {
        Duration min = policy.minInterval(protocol);
        Duration max = policy.maxInterval(protocol);
        if (interval != null && (interval.compareTo(min) < 0 || interval.compareTo(max) > 0)) {
            errors.add(
                    "watch.interval",
                    "must be from "
                            + DurationFormat.seconds(min)
                            + " to "
                            + DurationFormat.seconds(max));
        }
    }
}
