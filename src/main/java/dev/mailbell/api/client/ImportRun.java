package dev.mailbell.api.client;

import dev.mailbell.api.account.bulk.AccountTransfer;
import dev.mailbell.api.account.bulk.AccountTransfer.Line;
import dev.mailbell.api.account.bulk.AccountTransfer.Report;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.JsonLines;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.api.webhook.WebhookTransfer;
import dev.mailbell.client.ClientStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** One import: reads the lines, hands them on in pieces and counts what became of them. */
final class ImportRun {
    private static final int PIECE_LINES = 1_000;
    private static final long PIECE_BYTES = 4L * 1024 * 1024;
    private static final int MAX_PROBLEMS = 1_000;

    private final ClientStore clients;
    private final UUID clientId;
    private final boolean resume;
    private final AccountTransfer accounts;
    private final WebhookTransfer webhooks;
    private final Tally accountTally = new Tally();
    private final Tally webhookTally = new Tally();
    private final List<LineProblem> problems = new ArrayList<>();
    private final List<Line> piece = new ArrayList<>();

    ImportRun(
            ClientStore clients,
            UUID clientId,
            boolean resume,
            AccountTransfer accounts,
            WebhookTransfer webhooks) {
        this.clients = clients;
        this.clientId = clientId;
        this.resume = resume;
        this.accounts = accounts;
        this.webhooks = webhooks;
    }

    /**
     * What became of the lines.
     *
     * @param problems of refused lines, the first thousand
     */
    record Result(Counts accounts, Counts webhooks, List<LineProblem> problems) {}

    /**
     * @param present those that an earlier import has added
     */
    record Counts(long imported, long present, long refused) {}

    /**
     * @param id the exported id, if the line has one
     */
    record LineProblem(long line, @Nullable UUID id, Map<String, Object> problem) {}

    private final class Tally implements Report {
        private long imported;
        private long present;
        private long refused;

        @Override
        public void imported(Line line) {
            imported++;
        }

        @Override
        public void present(Line line) {
            present++;
        }

        @Override
        public void refused(Line line, Problem problem) {
            refused++;
            note(line.number(), line.id(), problem);
        }

        long all() {
            return imported + present + refused;
        }

        Counts counts() {
            return new Counts(imported, present, refused);
        }
    }

    private void note(long line, @Nullable UUID id, Problem problem) {
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(new LineProblem(line, id, problem.document()));
        }
    }

    /**
     * Adds what the lines hold.
     *
     * @throws ProblemException when this is no export, or not a whole one; what came before is
     *     added
     */
    Result run(JsonLines lines) {
        requireHead(lines.next());
        long begun = lines.bytes();
        for (ObjectNode json = lines.next(); json != null; json = lines.next()) {
            String type = json.path("type").asString("");
            if (type.equals("end")) {
                flush();
                requireWhole(json, lines);
                return result();
            }
            line(type, lines.number(), json);
            if (piece.size() >= PIECE_LINES || lines.bytes() - begun >= PIECE_BYTES) {
                flush();
                begun = lines.bytes();
            }
        }
        flush();
        throw incomplete("it has no last line");
    }

    private static void requireHead(@Nullable ObjectNode json) {
        if (json == null
                || !json.path("type").asString("").equals("export")
                || json.path("version").asInt(0) != ExportRoute.VERSION) {
            throw new ProblemException(
                    Problem.malformed(
                            "the first line must be that of an export: {\"type\": \"export\","
                                    + " \"version\": "
                                    + ExportRoute.VERSION
                                    + "}"));
        }
    }

    private void line(String type, long number, ObjectNode json) {
        UUID id = Uuids.parse(json.path("id").asString("")).orElse(null);
        Tally tally = type.equals("webhook") ? webhookTally : accountTally;
        if (id == null) {
            tally.refused++;
            note(number, null, Problem.invalid("id", "must be the exported id, a UUID"));
        } else if (type.equals("account")) {
            piece.add(new Line(number, id, json));
        } else if (type.equals("webhook")) {
            // The accounts that it names come before it.
            flush();
            importWebhook(new Line(number, id, json));
        } else {
            tally.refused++;
            note(number, id, Problem.invalid("type", "must be account, webhook or end"));
        }
    }

    private void flush() {
        if (!piece.isEmpty()) {
            requireInUse();
            accounts.importAll(clientId, List.copyOf(piece), resume, accountTally);
            piece.clear();
        }
    }

    /** An import may take longer than the client exists. */
    private void requireInUse() {
        if (!clients.exists(clientId)) {
            throw new ProblemException(
                    Problem.conflict("erasing", "the client is being erased")
                            .with("result", result()));
        }
    }

    private void importWebhook(Line line) {
        requireInUse();
        try {
            if (webhooks.importOne(
                    clientId,
                    line.id(),
                    line.json(),
                    sources -> accounts.imported(clientId, sources))) {
                webhookTally.imported(line);
            } else {
                webhookTally.present(line);
            }
        } catch (ProblemException e) {
            webhookTally.refused(line, e.problem());
        }
    }

    private void requireWhole(ObjectNode end, JsonLines lines) {
        if (end.path("accounts").asLong(-1) != accountTally.all()
                || end.path("webhooks").asLong(-1) != webhookTally.all()) {
            throw incomplete("its last line counts other lines than there were");
        }
        if (lines.next() != null) {
            throw incomplete("lines follow the last one");
        }
    }

    private ProblemException incomplete(String why) {
        return new ProblemException(
                Problem.refused(
                                "export-incomplete",
                                "the export is not whole: "
                                        + why
                                        + "; what it has is imported, and the whole may be sent again")
                        .with("result", result()));
    }

    private Result result() {
        return new Result(accountTally.counts(), webhookTally.counts(), List.copyOf(problems));
    }
}
