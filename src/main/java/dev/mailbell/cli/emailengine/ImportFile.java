package dev.mailbell.cli.emailengine;

import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.terminal.FileFault;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes accounts as lines for the import of a client. The webhooks that single accounts had follow
 * them; they come without a secret, so the import leaves them disabled.
 */
public final class ImportFile implements Destination {
    private static final int ACCOUNTS_OF_A_WEBHOOK = 1_000;

    /** What a receiver of EmailEngine's messageNew, mailboxReset and errors of a login needs. */
    private static final List<String> EVENTS =
            List.of("mail.new", "mailbox.reset", "account.parked", "account.recovered");

    private final Path path;
    private final OutputStream out;
    private final Answers answers;
    private final Map<String, List<UUID>> webhooks = new TreeMap<>();
    private long accounts;
    private boolean finished;

    private ImportFile(Path path, OutputStream out, Answers answers) {
        this.path = path;
        this.out = out;
        this.answers = answers;
    }

    /**
     * Makes a file that its owner alone can read.
     *
     * @throws ExportFaultException when it exists, or cannot be made
     */
    public static ImportFile create(Path path, Answers answers) {
        try {
            Files.newByteChannel(
                            path,
                            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")))
                    .close();
            ImportFile file =
                    new ImportFile(
                            path, new BufferedOutputStream(Files.newOutputStream(path)), answers);
            file.line(ExportJson.MAPPER.createObjectNode().put("type", "export").put("version", 1));
            return file;
        } catch (FileAlreadyExistsException e) {
            throw new ExportFaultException(path + " exists: name another file", e);
        } catch (IOException e) {
            throw new ExportFaultException("cannot write " + path + ": " + FileFault.of(e), e);
        }
    }

    @Override
    public void add(Carried account) {
        ObjectNode line = ExportJson.MAPPER.createObjectNode();
        line.put("type", "account").put("id", account.id().toString());
        line.set("account", account.registration());
        line(line);
        accounts++;
        String webhook = account.webhook();
        if (webhook != null) {
            webhooks.computeIfAbsent(webhook, url -> new ArrayList<>()).add(account.id());
        }
        answers.added(account);
    }

    @Override
    public void finish() {
        long count = 0;
        for (Map.Entry<String, List<UUID>> webhook : webhooks.entrySet()) {
            List<UUID> ids = webhook.getValue();
            for (int from = 0; from < ids.size(); from += ACCOUNTS_OF_A_WEBHOOK) {
                int to = Math.min(ids.size(), from + ACCOUNTS_OF_A_WEBHOOK);
                webhook(webhook.getKey(), ids.subList(from, to));
                count++;
            }
        }
        line(
                ExportJson.MAPPER
                        .createObjectNode()
                        .put("type", "end")
                        .put("accounts", accounts)
                        .put("webhooks", count));
        try {
            out.flush();
            finished = true;
        } catch (IOException e) {
            throw new ExportFaultException("the file could not be written: " + e.getMessage(), e);
        }
    }

    private void webhook(String url, List<UUID> ids) {
        ObjectNode line = ExportJson.MAPPER.createObjectNode();
        UUID id = Carried.idOf("webhook/" + url + "/" + ids.getFirst());
        line.put("type", "webhook").put("id", id.toString());
        ObjectNode webhook = line.putObject("webhook").put("url", url);
        EVENTS.forEach(webhook.putArray("events")::add);
        ArrayNode accountIds = webhook.putArray("accounts");
        ids.forEach(account -> accountIds.add(account.toString()));
        webhook.put("description", "carried from EmailEngine");
        line(line);
    }

    private void line(JsonNode line) {
        try {
            out.write(ExportJson.MAPPER.writeValueAsBytes(line));
            out.write('\n');
        } catch (IOException e) {
            throw new ExportFaultException("the file could not be written: " + e.getMessage(), e);
        }
    }

    /** Removes a file that was not finished: it holds passwords, and no import takes it. */
    @Override
    public void close() {
        try {
            out.close();
            if (!finished) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the file could not be closed", e);
        }
    }
}
