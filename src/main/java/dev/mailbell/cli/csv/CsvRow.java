package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.Documents;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * A row of the file as an account of the API.
 *
 * @param line where the row begins, from 1
 * @param faults what is wrong with it; empty when it can be sent
 */
record CsvRow(int line, ObjectNode account, List<String> faults) {
    CsvRow {
        faults = List.copyOf(faults);
    }

    String ref() {
        return Documents.text(account, "ref");
    }

    String address() {
        return Documents.text(account, "address");
    }

    /** Without the account, which has a secret. */
    @Override
    public String toString() {
        return "CsvRow[line " + line + "]";
    }
}
