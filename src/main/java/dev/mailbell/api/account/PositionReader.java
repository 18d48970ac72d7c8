package dev.mailbell.api.account;

import dev.mailbell.api.request.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Protocol;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Reads how far a client says that it has fetched a mailbox. */
final class PositionReader {
    private static final long MOST_UID = 4_294_967_295L;

    /** UIDVALIDITY is an opaque number. */
    private static final long MOST_VALIDITY = Long.MAX_VALUE - 1;

    private PositionReader() {}

    /**
     * @throws ProblemException 400 with every fault
     */
    static PositionUpdate read(ObjectNode json, Protocol protocol) {
        FieldErrors faults = new FieldErrors();
        Fields fields = Fields.of(json, faults);
        boolean all = fields.bool("all").orElse(false);
        if (fields.has("all") && !all && faults.isEmpty()) {
            fields.fault("all", "must be true; leave it out and give a uid instead");
        }
        Optional<String> uid = fields.line("uid", 1_000);
        Optional<Long> uidValidity = fields.integer("uidValidity", 1, MOST_VALIDITY);
        // A hint for people who read logs: the UID alone says where the position is.
        fields.integer("maxId", 0, Integer.MAX_VALUE);
        boolean rewind = fields.bool("rewind").orElse(false);
        fields.done();
        if (all == fields.has("uid") && faults.isEmpty()) {
            fields.fault("uid", "give either uid or \"all\": true");
        }
        if (protocol == Protocol.POP3 && uidValidity.isPresent()) {
            fields.fault("uidValidity", "is of IMAP only; leave it out");
        }
        if (protocol == Protocol.IMAP && uid.isPresent() && !isImapUid(uid.get())) {
            fields.fault("uid", "must be an IMAP UID: a number from 1 to 4294967295, as a string");
        }
        faults.throwIfAny();
        return all
                ? new PositionUpdate.All()
                : new PositionUpdate.UpTo(uid.orElseThrow(), uidValidity.orElse(null), rewind);
    }

    private static boolean isImapUid(String uid) {
        return uid.matches("[0-9]{1,10}")
                && Long.parseLong(uid) >= 1
                && Long.parseLong(uid) <= MOST_UID;
    }
}
