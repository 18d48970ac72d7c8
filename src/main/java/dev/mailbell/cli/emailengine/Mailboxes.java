package dev.mailbell.cli.emailengine;

import static dev.mailbell.cli.emailengine.ExportJson.text;

import dev.mailbell.cli.terminal.Printable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Converts the folders that EmailEngine watches. */
final class Mailboxes {
    private static final String INBOX = "INBOX";
    private static final String ALL = "*";
    private static final int MOST = 32;

    /** Members of {@code imap} that name the folder with a special use. */
    private static final Map<String, String> NAMED_BY =
            Map.of(
                    "\\sent", "sentMailPath",
                    "\\drafts", "draftsMailPath",
                    "\\junk", "junkMailPath",
                    "\\trash", "trashMailPath",
                    "\\archive", "archiveMailPath");

    private Mailboxes() {}

    /**
     * @param chosen what to watch where EmailEngine watches all folders
     */
    static List<String> of(JsonNode account, List<String> chosen, List<String> notes) {
        List<String> wanted = texts(account.path("path"));
        List<String> subconnections = texts(account.path("subconnections"));
        Set<String> names = new LinkedHashSet<>();
        if (wanted.isEmpty() || wanted.contains(ALL)) {
            chosen.forEach(name -> names.add(canonical(name)));
            notes.add(
                    "it watches all folders there; here "
                            + Printable.of(String.join(", ", chosen))
                            + (subconnections.isEmpty() ? "" : " and its subconnections"));
        }
        List<String> unresolved = new ArrayList<>();
        wanted.addAll(subconnections);
        for (String name : wanted) {
            if (name.equals(ALL)) {
                continue;
            }
            String resolved = resolved(account.path("imap"), name);
            if (resolved.isEmpty()) {
                unresolved.add(name);
            } else {
                names.add(canonical(resolved));
            }
        }
        if (!unresolved.isEmpty()) {
            String which = Printable.of(String.join(", ", unresolved));
            if (names.isEmpty()) {
                throw new NotCarriedException(
                        "it watches " + which + " alone: register it with the folder's name");
            }
            notes.add("not watched here: " + which + "; add the folder's name to mailboxes");
        }
        if (names.size() > MOST) {
            throw new NotCarriedException(
                    "it watches "
                            + names.size()
                            + " folders, and an account here at most "
                            + MOST
                            + ": register it as several accounts");
        }
        return List.copyOf(names);
    }

    private static String resolved(JsonNode imap, String name) {
        if (!name.startsWith("\\")) {
            return name;
        }
        String use = name.toLowerCase(Locale.ROOT);
        return use.equals("\\inbox") ? INBOX : text(imap, NAMED_BY.getOrDefault(use, ""));
    }

    private static String canonical(String name) {
        return name.equalsIgnoreCase(INBOX) ? INBOX : name;
    }

    private static List<String> texts(JsonNode value) {
        List<String> texts = new ArrayList<>();
        if (value.isString()) {
            texts.add(value.stringValue());
        }
        value.forEach(item -> {
            if (item.isString()) {
                texts.add(item.stringValue());
            }
        });
        texts.removeIf(String::isBlank);
        return texts;
    }
}
