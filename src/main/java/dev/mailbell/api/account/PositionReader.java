package dev.mailbell.api.account;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Fields;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Protocol;
import java.math.BigInteger;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Reads a client's position: how far it has fetched a mailbox. */
final class PositionReader {
    /** Some servers exceed the 32 bits of RFC 9051, and their marks show it. */
    private static final BigInteger MAX_UID = BigInteger.valueOf(Long.MAX_VALUE - 1);

    /** More than the 32 bits of RFC 9051: the value is only compared. */
    private static final long MAX_VALIDITY = Long.MAX_VALUE;

    private PositionReader() {}

    /**
     * @throws ProblemException 400 with every error
     */
    static PositionUpdate read(ObjectNode json, Protocol protocol) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        boolean all = fields.bool("all").orElse(false);
        if (fields.has("all") && !all && errors.isEmpty()) {
            fields.error("all", "must be true; leave it out and give a uid instead");
        }
        Optional<String> uid = fields.line("uid", 1_000);
        Optional<Long> uidValidity = fields.integer("uidValidity", 1, MAX_VALIDITY);
        // Accepted and not used: the UID alone determines the position.
        fields.integer("maxId", 0, Integer.MAX_VALUE);
        boolean rewind = fields.bool("rewind").orElse(false);
        fields.rejectUnknown();
        if (all == fields.has("uid") && errors.isEmpty()) {
            fields.error("uid", "give either uid or \"all\": true");
        }
        if (protocol == Protocol.POP3 && uidValidity.isPresent()) {
            fields.error("uidValidity", "is of IMAP only; leave it out");
        }
        if (protocol == Protocol.IMAP && uid.isPresent() && !isImapUid(uid.get())) {
            fields.error("uid", "must be an IMAP UID: a number from 1 on, as a string");
        }
        errors.throwIfAny();
        return all
                ? new PositionUpdate.All()
                : new PositionUpdate.UpTo(uid.orElseThrow(), uidValidity.orElse(null), rewind);
    }

    private static boolean isImapUid(String uid) {
        return uid.matches("[0-9]{1,19}")
                && new BigInteger(uid).signum() > 0
                && new BigInteger(uid).compareTo(MAX_UID) <= 0;
    }
}
