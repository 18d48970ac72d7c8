package dev.mailbell.api.account.bulk;

import dev.mailbell.account.AccountImport.ImportedMailbox;
import dev.mailbell.account.Mailbox;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Json;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.Position;
import dev.mailbell.detection.UidSet;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.Protocol;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The mark of a mailbox as it lies in an export. */
final class MarkDocument {
    private static final int ENTRY_BYTES = 12;
    private static final int MAX_CHUNKS =
            (KnownMessages.MAX_MESSAGES + KnownMessages.CHUNK - 1) / KnownMessages.CHUNK;
    private static final int MAX_UID_LENGTH = 4_000;
    private static final int MAX_GAPS_LENGTH = 10_000;

    private MarkDocument() {}

    /** Absent members have no value. */
    static ObjectNode of(Mailbox mailbox, List<byte[]> known) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("mailbox", mailbox.name());
        MailboxState state = mailbox.state();
        switch (state.mark()) {
            case ImapMark mark -> imap(json, mark);
            case Pop3Mark mark -> pop3(json, mark);
            case null -> {}
        }
        put(json, "pending", state.pending());
        Position client = state.client();
        if (client != null) {
            ObjectNode position = json.putObject("position");
            position.put("maxId", client.maxId());
            put(position, "uid", client.uid());
            put(position, "uidValidity", client.uidValidity());
        }
        // As exact as in the table, unlike times in answers.
        Instant checkedAt = mailbox.lastCheckedAt();
        put(json, "lastCheckedAt", checkedAt == null ? null : checkedAt.toString());
        if (!known.isEmpty()) {
            var chunks = json.putArray("known");
            known.forEach(chunk -> chunks.add(Base64.getEncoder().encodeToString(chunk)));
        }
        return json;
    }

    private static void imap(ObjectNode json, ImapMark mark) {
        json.put("total", mark.total());
        json.put("uidValidity", mark.uidValidity());
        json.put("uidNext", mark.uidNext());
        json.put("topUid", mark.topUid());
        if (!mark.gaps().isEmpty()) {
            json.put("uidGaps", mark.gaps().toString());
        }
        json.put("approximate", mark.approximate());
    }

    private static void pop3(ObjectNode json, Pop3Mark mark) {
        json.put("total", mark.total());
        json.put("octets", mark.octets());
        put(json, "firstUid", mark.firstUid());
        put(json, "topUid", mark.topUid());
        json.put("approximate", mark.approximate());
    }

    private static void put(ObjectNode json, String name, @Nullable Object value) {
        if (value != null) {
            json.set(name, Json.MAPPER.valueToTree(value));
        }
    }

    /**
     * Reads a mark.
     *
     * @throws ProblemException 400 with every error
     */
    static ImportedMailbox read(ObjectNode json, Protocol protocol) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String name = AccountReader.canonicalMailbox(fields.requiredLine("mailbox", 255));
        Integer total = integer(fields, "total");
        Integer pending = integer(fields, "pending");
        Position client = fields.object("position").map(MarkDocument::position).orElse(null);
        MailboxState state;
        try {
            state =
                    protocol == Protocol.IMAP
                            ? new ImapState(
                                    total == null ? null : imap(fields, total), client, pending)
                            : new Pop3State(
                                    total == null ? null : pop3(fields, total), client, pending);
        } catch (IllegalArgumentException e) {
            fields.error("total", "and what belongs to it are no mark: " + e.getMessage());
            state = new ImapState(null, null, null);
        }
        var lastCheckedAt = fields.instant("lastCheckedAt").orElse(null);
        List<byte[]> known = known(fields, json.get("known"));
        fields.rejectUnknown();
        errors.throwIfAny();
        return new ImportedMailbox(name, state, lastCheckedAt, known);
    }

    private static @Nullable Integer integer(Fields fields, String name) {
        return fields.integer(name, 0, Integer.MAX_VALUE).map(Math::toIntExact).orElse(null);
    }

    private static Position position(Fields position) {
        Integer maxId = integer(position, "maxId");
        String uid = position.text("uid", MAX_UID_LENGTH).orElse(null);
        Long validity = position.integer("uidValidity", 0, Long.MAX_VALUE).orElse(null);
        position.rejectUnknown();
        return new Position(maxId == null ? 0 : maxId, uid, validity);
    }

    private static ImapMark imap(Fields fields, int total) {
        String gaps = fields.line("uidGaps", MAX_GAPS_LENGTH).orElse("");
        return new ImapMark(
                fields.integer("uidValidity", 0, Long.MAX_VALUE).orElse(0L),
                fields.integer("uidNext", 1, Long.MAX_VALUE).orElse(1L),
                total,
                fields.integer("topUid", 0, Long.MAX_VALUE).orElse(0L),
                gaps(gaps),
                fields.bool("approximate").orElse(false));
    }

    /**
     * @throws IllegalArgumentException when the ranges are not ascending
     */
    private static UidSet gaps(String text) {
        UidSet gaps = UidSet.parse(text);
        long last = 0;
        for (String range : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            for (String uid : range.split(":", -1)) {
                long next = Long.parseLong(uid);
                if (next <= last) {
                    throw new IllegalArgumentException("the gaps do not ascend");
                }
                last = next;
            }
        }
        return gaps;
    }

    private static Pop3Mark pop3(Fields fields, int total) {
        return new Pop3Mark(
                total,
                fields.integer("octets", 0, Long.MAX_VALUE).orElse(0L),
                fields.text("firstUid", MAX_UID_LENGTH).orElse(null),
                fields.text("topUid", MAX_UID_LENGTH).orElse(null),
                fields.bool("approximate").orElse(false));
    }

    private static List<byte[]> known(Fields fields, @Nullable JsonNode chunks) {
        if (!fields.has("known") || chunks == null) {
            return List.of();
        }
        List<byte[]> known = new ArrayList<>();
        if (chunks.isArray() && chunks.size() <= MAX_CHUNKS) {
            for (JsonNode chunk : chunks) {
                byte[] entries = chunk.isString() ? decoded(chunk.stringValue()) : new byte[0];
                if (entries.length > 0
                        && entries.length % ENTRY_BYTES == 0
                        && entries.length <= KnownMessages.CHUNK * ENTRY_BYTES) {
                    known.add(entries);
                }
            }
        }
        if (!chunks.isArray() || known.size() != chunks.size()) {
            fields.error("known", "must be an array of chunks as they were exported");
        }
        return known;
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
