package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.api.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends rows in batches. An import that was cut off is run again as a whole: the refs show which
 * accounts are there. A batch that is refused as a whole is halved, down to the row that is the
 * reason.
 */
final class AccountImport {
    private static final String ACCOUNTS = "/v1/accounts";
    private static final int MAX_BATCH_BYTES = 900_000;
    private static final int MAX_TRIES = 10;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int CONFLICT = 409;
    private static final int CREATED = 201;

    /** A batch that exceeds the limit of registrations a minute is a debt to be waited for. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(15);

    private final Api api;
    private final Output output;
    private final ImportReport report;
    private final boolean update;
    private final List<CsvRow> batch = new ArrayList<>();
    private final int size;
    private int bytes;

    /**
     * @param update whether accounts that are there get what the file has
     * @param size rows in a batch at most
     */
    AccountImport(Api api, Output output, ImportReport report, boolean update, int size) {
        this.api = api;
        this.output = output;
        this.report = report;
        this.update = update;
        this.size = size;
    }

    void add(CsvRow row) {
        int length = Documents.MAPPER.writeValueAsBytes(row.account()).length;
        if (batch.size() >= size || !batch.isEmpty() && bytes + length > MAX_BATCH_BYTES) {
            flush();
        }
        batch.add(row);
        bytes += length;
    }

    void flush() {
        if (!batch.isEmpty()) {
            List<CsvRow> rows = List.copyOf(batch);
            batch.clear();
            bytes = 0;
            send(rows);
            report.progress();
        }
    }

    private void send(List<CsvRow> rows) {
        boolean late = false;
        for (int tries = 1; ; tries++) {
            JsonNode results;
            try {
                results = post(rows);
            } catch (RefusedException e) {
                if (e.status() == UNAUTHORIZED || e.status() == FORBIDDEN) {
                    throw e;
                }
                // One that takes longer than the proxy waits does so each time.
                boolean tooLarge = e.isLate() && late && rows.size() > 1;
                late |= e.isLate();
                if (e.isPassing() && !tooLarge) {
                    if (tries == MAX_TRIES) {
                        throw e;
                    }
                    pause(e.pause(tries));
                    continue;
                }
                if (rows.size() > 1) {
                    halve(rows);
                } else {
                    failed(rows.getFirst(), e);
                }
                return;
            } catch (ApiFailure e) {
                if (e.exitCode() != ExitCodes.UNREACHABLE || tries == MAX_TRIES) {
                    throw e;
                }
                pause(Duration.ofSeconds(tries));
                continue;
            }
            results(rows, results);
            return;
        }
    }

    private void halve(List<CsvRow> rows) {
        int half = rows.size() / 2;
        send(rows.subList(0, half));
        send(rows.subList(half, rows.size()));
    }

    private static void pause(Duration duration) {
        try {
            Thread.sleep(duration.compareTo(LONGEST_PAUSE) < 0 ? duration : LONGEST_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiFailure(ExitCodes.FAILED, "interrupted", e);
        }
    }

    private JsonNode post(List<CsvRow> rows) {
        ObjectNode body = Documents.object();
        ArrayNode accounts = body.putArray("accounts");
        rows.forEach(row -> accounts.add(row.account()));
        return api.post(ACCOUNTS + "/batch", body).path("results");
    }

    private void results(List<CsvRow> rows, JsonNode results) {
        if (results.size() != rows.size()) {
            throw new ApiFailure(
                    ExitCodes.UNREACHABLE,
                    "the answer to a batch has "
                            + results.size()
                            + " results for "
                            + rows.size()
                            + " accounts");
        }
        for (int i = 0; i < rows.size(); i++) {
            result(rows.get(i), results.path(i));
        }
    }

    private void result(CsvRow row, JsonNode result) {
        int status = result.path("status").intValue(0);
        JsonNode problem = result.path("problem");
        if (status == CREATED) {
            report.registered();
            print(row, status, "account", result.path("account"));
        } else if (status == CONFLICT && kind(problem).equals("ref-taken")) {
            existing(row, problem);
        } else {
            report.failed(row, status, kind(problem), described(problem));
            print(row, status, "problem", problem);
        }
    }

    private void existing(CsvRow row, JsonNode problem) {
        if (!update) {
            report.present();
            print(row, CONFLICT, "problem", problem);
            return;
        }
        String path = ACCOUNTS + new Parameters().with("ref", row.ref());
        try {
            JsonNode found =
                    api.callPatiently("GET", path, null, Map.of()).json().path("items").path(0);
            JsonNode changed =
                    api.callPatiently(
                                    "PATCH",
                                    Parameters.path(ACCOUNTS, Documents.text(found, "id")),
                                    row.account(),
                                    Map.of())
                            .json();
            report.updated();
            print(row, 200, "account", changed);
        } catch (RefusedException e) {
            if (e.status() == UNAUTHORIZED || e.status() == FORBIDDEN || e.isPassing()) {
                throw e;
            }
            failed(row, e);
        }
    }

    private void failed(CsvRow row, RefusedException e) {
        report.failed(row, e.status(), e.kind(), e.detail());
    }

    /** The result of a row as a program reads it: that of the API, with the line of the file. */
    private void print(CsvRow row, int status, String member, JsonNode value) {
        if (output.isJson()) {
            ObjectNode line = Documents.object();
            line.put("line", row.line());
            line.put("ref", row.ref());
            line.put("status", status);
            line.set(member, value);
            output.line(line);
        }
    }

    private static String kind(JsonNode problem) {
        String type = Documents.text(problem, "type");
        return type.substring(type.lastIndexOf(':') + 1);
    }

    private static String described(JsonNode problem) {
        JsonNode errors = problem.path("errors");
        return errors.size() > 1
                ? StreamSupport.stream(errors.spliterator(), false)
                        .map(RefusedException::fault)
                        .collect(Collectors.joining("; "))
                : Documents.text(problem, "detail");
    }
}
