-- What is due is read page by page, in the order of its moment and number: thousands share one moment. What has ended has no
-- moment and is in no index of them. Doubts are few, and are found without a look at all that is due; first_tried changes
-- with a doubt only, so that no other change of a delivery writes that index.
DROP INDEX delivery_next;
CREATE INDEX delivery_next ON delivery (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX delivery_doubt ON delivery (next_at, id) WHERE first_tried IS NOT NULL;
