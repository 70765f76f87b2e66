/// The recipes of the objectives. Everything can be changed afterwards.
extension ViewRecipe {
    /// One of MoCo v3's two views (Chen et al., arXiv 2104.02057): both are jittered, the first is always blurred, the
    /// second rarely but sometimes solarized.
    ///
    /// - Parameters:
    ///   - view: 1 or 2.
    ///   - cropMin: the smallest part of the image's area; 0.08 for ViT.
    public static func mocoV3(view: Int, imgSize: Int, cropMin: Double = 0.08) -> ViewRecipe {
        precondition(view == 1 || view == 2, "MoCo v3 has views 1 and 2, not \(view)")
        precondition(cropMin > 0 && cropMin <= 1, "a part of the area between 0 and 1, not \(cropMin)")
        var recipe = ViewRecipe(height: imgSize, width: imgSize, crop: .random(scale: cropMin...1), flip: 0.5)
        recipe.colorJitter = ColorJitter(probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1)
        recipe.grayscale = 0.2
        recipe.blur = GaussianBlur(probability: view == 1 ? 1 : 0.1, sigma: 0.1...2)
        recipe.solarize = view == 1 ? 0 : 0.2
        return recipe
    }

    /// SimMIM's view (Xie et al., arXiv 2111.09886): a large crop and a flip, nothing else.
    public static func simMIM(imgSize: Int) -> ViewRecipe {
        ViewRecipe(height: imgSize, width: imgSize, crop: .random(scale: 0.67...1), flip: 0.5)
    }

    /// MAE's view (He et al., arXiv 2111.06377).
    public static func mae(imgSize: Int) -> ViewRecipe {
        ViewRecipe(
            height: imgSize, width: imgSize, crop: .random(scale: 0.2...1), interpolation: .bicubic, flip: 0.5)
    }

    /// The view of linear probing, as MoCo v3 does it.
    public static func linearProbe(imgSize: Int) -> ViewRecipe {
        ViewRecipe(height: imgSize, width: imgSize, crop: .random(scale: 0.08...1), flip: 0.5)
    }

    /// The view of linear probing, as MAE does it.
    public static func maeLinearProbe(imgSize: Int) -> ViewRecipe {
        ViewRecipe(
            height: imgSize, width: imgSize, crop: .clipped(scale: 0.08...1), interpolation: .bicubic, flip: 0.5)
    }

    /// The view of fine-tuning, as SimMIM, MAE and timm do it: RandAugment `rand-m9-mstd0.5-inc1` and random erasing.
    public static func fineTuning(imgSize: Int) -> ViewRecipe {
        var recipe = ViewRecipe(
            height: imgSize, width: imgSize, crop: .random(scale: 0.08...1), interpolation: .bicubic, flip: 0.5)
        recipe.randAugment = RandAugment()
        recipe.randomErasing = RandomErasing()
        return recipe
    }

    /// The middle of the image, the same every time; with the standard preparation, the shorter side is brought to
    /// 256 for a view of 224, and in proportion.
    public static func evaluation(imgSize: Int, preprocess: Preprocess = .standard) -> ViewRecipe {
        var recipe = ViewRecipe(
            height: imgSize, width: imgSize, crop: .center(preprocess), interpolation: preprocess.interpolation)
        recipe.mean = preprocess.mean
        recipe.std = preprocess.std
        return recipe
    }
}
