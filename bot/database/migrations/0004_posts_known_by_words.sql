-- Some platforms can only be asked for a post by its words. There two deliveries that read the same must not count one
-- post, so `by_words` marks what was delivered there, and no two of those have one receipt. Id and address belong
-- together: servers number their posts alike. Other kinds are not in the index, so it costs their deliveries nothing.
ALTER TABLE delivery ADD COLUMN by_words INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX delivery_by_words ON delivery (receipt_id, receipt_url) WHERE by_words = 1;
