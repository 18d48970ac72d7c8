package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.terminal.Terminal;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of an import, and its run. */
public final class ImportOptions {
    private static final int MAX_BATCH = 1000;

    @Parameters(paramLabel = "FILE", description = "the CSV file")
    private Path file = Path.of("");

    @Option(
            names = "--check",
            description = "only read the file and report its faults; send nothing")
    private boolean check;

    @Option(names = "--update", description = "change accounts that are there to what the file has")
    private boolean update;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description =
                    "write the failed rows to this new CSV file: line, ref, address, status, code, message;"
                            + " no secret is in it")
    private @Nullable Path report;

    @Option(
            names = "--separator",
            paramLabel = "CHARACTER",
            description = "between cells, tab for a tabulator; default: ,",
            defaultValue = ",")
    private String separator = ",";

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "accounts in one call, 1 to 1000; default: ${DEFAULT-VALUE}",
            defaultValue = "500")
    private int batch = 500;

    /** For picocli. */
    public ImportOptions() {}

    /** What the first reading of the file found: the faults of rows by their lines. */
    private record Survey(int rows, Map<Integer, List<String>> faults) {}

    /**
     * Runs the import.
     *
     * @return the exit code
     */
    public int run(ApiOptions options, PrintWriter err) {
        if (batch < 1 || batch > MAX_BATCH) {
            throw ApiFailure.usage("--batch must be 1 to 1000, is " + batch);
        }
        CsvAccounts accounts = new CsvAccounts(file, separator());
        Survey survey = survey(accounts);
        Output output = options.output();
        Terminal terminal = options.environment().err();
        try (ImportReport result = new ImportReport(err, terminal, survey.rows(), report)) {
            if (check) {
                accounts.read(row -> reportFaults(survey, row, result));
                output.say(
                        "%d rows, %d with faults; nothing was sent."
                                .formatted(survey.rows(), survey.faults().size()));
                return result.hasFailures() ? ExitCodes.FAILED : ExitCodes.DONE;
            }
            return send(options, accounts, survey, result, err);
        }
    }

    private int send(
            ApiOptions options,
            CsvAccounts accounts,
            Survey survey,
            ImportReport result,
            PrintWriter err) {
        Output output = options.output();
        try (Api api = options.open()) {
            AccountImport run = new AccountImport(api, output, result, update, batch);
            accounts.read(row -> {
                if (!reportFaults(survey, row, result)) {
                    run.add(row);
                }
            });
            run.flush();
        } catch (ApiFailure e) {
            result.close();
            err.println("mailbell: broken off: " + result.summary() + " Run it again to go on.");
            throw e;
        }
        result.close();
        output.say(result.summary());
        return result.hasFailures() ? ExitCodes.PARTLY : ExitCodes.DONE;
    }

    private static boolean reportFaults(Survey survey, CsvRow row, ImportReport result) {
        List<String> faults = survey.faults().get(row.line());
        if (faults == null) {
            return false;
        }
        result.failed(row, 0, "invalid", String.join("; ", faults));
        return true;
    }

    private static Survey survey(CsvAccounts accounts) {
        Map<Integer, List<String>> faults = new HashMap<>();
        Map<String, Integer> lines = new HashMap<>();
        int[] rows = new int[1];
        accounts.read(row -> {
            rows[0]++;
            List<String> found = new ArrayList<>(row.faults());
            Integer other = row.ref().isEmpty() ? null : lines.putIfAbsent(row.ref(), row.line());
            if (other != null) {
                found.add("ref is that of line " + other);
            }
            if (!found.isEmpty()) {
                faults.put(row.line(), found);
            }
        });
        return new Survey(rows[0], faults);
    }

    private char separator() {
        String text = separator.equals("tab") || separator.equals("\\t") ? "\t" : separator;
        if (text.length() != 1 || "\"\r\n".contains(text)) {
            throw ApiFailure.usage("--separator must be one character, or tab");
        }
        return text.charAt(0);
    }
}
