import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.PollContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Filters orders, cuts them down to 3 fields and writes them, until SIGTERM: BROKERS GROUP IN OUT. */
public final class Rival {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws InterruptedException {
        String brokers = args[0], group = args[1], in = args[2], out = args[3];
        var consumer = new KafkaConsumer<>(Map.<String, Object>of(
                "bootstrap.servers", brokers, "group.id", group, "auto.offset.reset", "earliest",
                "enable.auto.commit", "false", "isolation.level", "read_committed", "max.poll.records", "10000"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var producer = new KafkaProducer<>(Map.<String, Object>of(
                "bootstrap.servers", brokers, "acks", "all", "enable.idempotence", "true"),
                new ByteArraySerializer(), new ByteArraySerializer());
        // A call writes all that it was given and waits for the answers, so large batches serve it best.
        var options = ParallelConsumerOptions.<byte[], byte[]>builder()
                .ordering(ParallelConsumerOptions.ProcessingOrder.UNORDERED)
                .commitMode(ParallelConsumerOptions.CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .commitInterval(Duration.ofSeconds(1))
                .batchSize(1000)
                .maxConcurrency(4)
                .consumer(consumer)
                .producer(producer)
                .build();
        var processor = ParallelStreamProcessor.createEosStreamProcessor(options);
        Runtime.getRuntime().addShutdownHook(new Thread(processor::closeDrainFirst));
        processor.subscribe(List.of(in));
        processor.pollAndProduceMany(batch -> transform(batch, out));
        Thread.currentThread().join();
    }

    private static List<ProducerRecord<byte[], byte[]>> transform(PollContext<byte[], byte[]> batch, String out) {
        List<ProducerRecord<byte[], byte[]>> written = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : batch.getConsumerRecordsFlattened()) {
                JsonNode order = JSON.readTree(record.value());
                if (!order.path("status").asText().equals("paid")) {
                    continue;
                }
                ObjectNode cut = JSON.createObjectNode();
                cut.set("id", order.get("id"));
                cut.set("customer", order.get("customer"));
                cut.set("amount", order.get("amount"));
                written.add(new ProducerRecord<>(out, record.key(), JSON.writeValueAsBytes(cut)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return written;
    }
}
